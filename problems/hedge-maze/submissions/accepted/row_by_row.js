const [size, ...maze] = require("fs").readFileSync(0, "latin1").trim().split("\n");

const columns = Number(size.split(" ")[1]);
const ways = new Array(columns).fill(0);
ways[0] = 1;
for (const row of maze) {
  for (let x = 0; x < columns; x++) {
    ways[x] = row[x] === "#" ? 0 : (ways[x] + (x ? ways[x - 1] : 0)) % 1_000_000_007;
  }
}
console.log(ways[columns - 1]);
