console.log("Hello, World");
