const [, ...heights] = require("fs").readFileSync(0, "utf8").trim().split(/\s+/).map(Number);

let [left, right, level, water] = [0, heights.length - 1, 0, 0];
while (left <= right) {
  const lower = heights[left] < heights[right] ? heights[left++] : heights[right--];
  level = Math.max(level, lower);
  water += level - lower;
}
console.log(water);
