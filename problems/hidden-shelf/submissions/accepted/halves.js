const lines = require("readline").createInterface({ input: process.stdin });

let [low, high, middle] = [1, 0, 0];
lines.on("line", (line) => {
  if (line === "here") process.exit(0);
  if (line === "lower") high = middle - 1;
  else if (line === "higher") low = middle + 1;
  else high = Number(line);
  middle = Math.floor((low + high) / 2);
  console.log(middle);
});
