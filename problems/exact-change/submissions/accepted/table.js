const [, amount, ...coins] = require("fs").readFileSync(0, "utf8").trim().split(/\s+/).map(Number);

const ways = [[0, 0]];
for (let part = 1; part <= amount; part++) {
  ways.push([part, 1]);
  for (const coin of coins) {
    if (coin <= part && ways[part - coin][0] + 1 < ways[part][0]) ways[part] = [ways[part - coin][0] + 1, coin];
  }
}
const paid = [];
for (let rest = amount; rest > 0; rest -= ways[rest][1]) paid.push(ways[rest][1]);
console.log(`${paid.length}\n${paid.join(" ")}`);
