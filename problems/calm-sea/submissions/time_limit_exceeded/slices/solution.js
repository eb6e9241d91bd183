// Looks for the highest and the lowest of the whole window at each step.
function longestCalm(heights, limit) {
  let [start, best] = [0, 0];
  for (let end = 1; end <= heights.length; end++) {
    for (;;) {
      const window = heights.slice(start, end);
      const high = window.reduce((a, b) => Math.max(a, b));
      const low = window.reduce((a, b) => Math.min(a, b));
      if (high - low <= limit) break;
      start++;
    }
    best = Math.max(best, end - start);
  }
  return best;
}

module.exports = { longestCalm };
