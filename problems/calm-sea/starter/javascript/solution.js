function longestCalm(heights, limit) {
  return 0;
}

module.exports = { longestCalm };
