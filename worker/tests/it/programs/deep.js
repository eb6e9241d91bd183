const depth = (n) => (n ? depth(n - 1) + 1 : 0);
console.log(depth(100000));
