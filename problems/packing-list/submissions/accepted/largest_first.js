// Starts with the things of the largest numbers.
const [n, m, ...numbers] = require("fs").readFileSync(0, "latin1").trim().split(/\s+/).map(Number);

const after = Array.from({ length: n + 1 }, () => []);
const waits = new Int32Array(n + 1);
for (let i = 0; i < 2 * m; i += 2) {
  after[numbers[i]].push(numbers[i + 1]);
  waits[numbers[i + 1]]++;
}
const order = [];
for (let thing = n; thing > 0; thing--) if (!waits[thing]) order.push(thing);
for (const thing of order) {
  for (const other of after[thing]) if (--waits[other] === 0) order.push(other);
}
console.log(order.length === n ? order.join("\n") : "impossible");
