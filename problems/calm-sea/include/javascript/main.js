const { longestCalm } = require("./solution.js");

const [, limit, ...heights] = require("fs").readFileSync(0, "latin1").trim().split(/\s+/).map(Number);
console.log(longestCalm(heights, limit));
