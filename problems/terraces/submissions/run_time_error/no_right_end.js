// Does not find an end to the right of the last terrace, and calls what is not there.
const [, ...heights] = require("fs").readFileSync(0, "utf8").trim().split(/\s+/).map(Number);

const water = heights.map((height, i) => {
  const ends = [heights.slice(0, i), heights.slice(i + 1)].map((side) => side.reduce((a, b) => Math.max(a, b)));
  return Math.max(0, Math.min(...ends) - height);
});
console.log(water.reduce((a, b) => a + b));
