const { twoSum } = require("./solution.js");

const [, target, ...numbers] = require("fs").readFileSync(0, "latin1").trim().split(/\s+/).map(Number);
console.log(twoSum(numbers, target).join(" "));
