const [n, target, ...numbers] = require("fs").readFileSync(0, "utf8").trim().split(/\s+/).map(Number);

const seen = new Map();
for (let j = 0; j < n; j++) {
  const i = seen.get(target - numbers[j]);
  if (i !== undefined) {
    console.log(`${i} ${j}`);
    break;
  }
  if (!seen.has(numbers[j])) seen.set(numbers[j], j);
}
