// Leaves one space between words, however many were ordered.
const [first, ...words] = require("fs").readFileSync(0, "utf8").trim().split(/\s+/);

const width = Number(first);
const text = words.join(" ");
const left = Math.floor((width - text.length) / 2);
const rim = `+${"-".repeat(width + 2)}+`;
console.log(`${rim}\n| ${(" ".repeat(left) + text).padEnd(width)} |\n${rim}`);
