// Throws where the target is negative.
const [n, target, ...numbers] = require("fs").readFileSync(0, "utf8").trim().split(/\s+/).map(Number);

if (target < 0) throw new RangeError("no target below zero");
const seen = new Map();
for (let j = 0; j < n; j++) {
  const i = seen.get(target - numbers[j]);
  if (i !== undefined) {
    console.log(`${i} ${j}`);
    break;
  }
  seen.set(numbers[j], j);
}
