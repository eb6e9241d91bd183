// Does not look whether one can start at all.
const [size, ...maze] = require("fs").readFileSync(0, "latin1").trim().split("\n");

const columns = Number(size.split(" ")[1]);
const ways = maze.map(() => new Array(columns).fill(0));
maze.forEach((row, y) => {
  for (let x = 0; x < columns; x++) {
    if (y === 0 && x === 0) ways[y][x] = 1;
    else if (row[x] === ".") ways[y][x] = ((y ? ways[y - 1][x] : 0) + (x ? ways[y][x - 1] : 0)) % 1_000_000_007;
  }
});
console.log(ways[maze.length - 1][columns - 1]);
