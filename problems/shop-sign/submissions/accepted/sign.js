const [first, text] = require("fs").readFileSync(0, "utf8").split("\n");

const width = Number(first);
const left = Math.floor((width - text.length) / 2);
const rim = `+${"-".repeat(width + 2)}+`;
console.log(`${rim}\n| ${(" ".repeat(left) + text).padEnd(width)} |\n${rim}`);
