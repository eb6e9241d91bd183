// Writes its numbers with an exponent.
const [n, ...numbers] = require("fs").readFileSync(0, "utf8").trim().split(/\s+/).map(Number);

let [length, area] = [0, 0];
for (let i = 0; i < n; i++) {
  const [x, y] = numbers.slice(2 * i);
  const [toX, toY] = numbers.slice(2 * ((i + 1) % n));
  length += Math.hypot(toX - x, toY - y);
  area += x * toY - toX * y;
}
console.log(`${length.toExponential(12)} ${(Math.abs(area) / 2).toExponential(12)}`);
