const carpet = require("fs").readFileSync(0, "latin1").trim();

const barred = `^|${[...carpet].join("|")}|$`;
const reach = new Int32Array(barred.length);
let [middle, right, best] = [0, 0, 0];
for (let i = 1; i < barred.length - 1; i++) {
  if (i < right) reach[i] = Math.min(right - i, reach[2 * middle - i]);
  while (barred[i - reach[i] - 1] === barred[i + reach[i] + 1]) reach[i]++;
  if (i + reach[i] > right) [middle, right] = [i, i + reach[i]];
  if (reach[i] > reach[best]) best = i;
}
console.log(`${reach[best]} ${(best - reach[best]) >> 1}`);
