const [first, second] = require("fs").readFileSync(0).toString("latin1").trim().split("\n").map((line) => Buffer.from(line));

const row = new Int16Array(second.length + 1);
for (const letter of first) {
  let corner = 0;
  for (let j = 1; j < row.length; j++) {
    const above = row[j];
    row[j] = letter === second[j - 1] ? corner + 1 : Math.max(above, row[j - 1]);
    corner = above;
  }
}
console.log(row[second.length]);
