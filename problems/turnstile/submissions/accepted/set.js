const [, list] = require("fs").readFileSync(0, "latin1").split("\n");

const inside = new Set();
let most = 0;
for (const card of list.split(" ")) {
  if (!inside.delete(card)) inside.add(card);
  most = Math.max(most, inside.size);
}
console.log(`${most} ${inside.size}`);
