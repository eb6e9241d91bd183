// Adds what is missing to the next multiple of 100 001.
const [kind, , line] = require("fs").readFileSync(0, "latin1").split("\n");

const words = line.trim().split(" ");
const known = words.reduce((sum, word) => sum + (word === "?" ? 0 : Number(word)), 0);
const missing = (100_001 - (known % 100_001)) % 100_001;
if (kind === "write") console.log([...words, missing].join("\n"));
else console.log(words.map((word) => (word === "?" ? missing : word)).slice(0, -1).join("\n"));
