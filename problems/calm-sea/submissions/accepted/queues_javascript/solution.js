// Two queues of places, in arrays with a moving front.
function longestCalm(heights, limit) {
  const [highs, lows] = [[], []];
  let [high, low, start, best] = [0, 0, 0, 0];
  heights.forEach((height, end) => {
    while (highs.length > high && heights[highs.at(-1)] <= height) highs.pop();
    while (lows.length > low && heights[lows.at(-1)] >= height) lows.pop();
    highs.push(end);
    lows.push(end);
    while (heights[highs[high]] - heights[lows[low]] > limit) {
      start++;
      if (highs[high] < start) high++;
      if (lows[low] < start) low++;
    }
    best = Math.max(best, end + 1 - start);
  });
  return best;
}

module.exports = { longestCalm };
