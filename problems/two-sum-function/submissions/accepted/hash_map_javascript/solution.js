function twoSum(numbers, target) {
  const seen = new Map();
  for (let j = 0; ; j++) {
    const i = seen.get(target - numbers[j]);
    if (i !== undefined) return [i, j];
    if (!seen.has(numbers[j])) seen.set(numbers[j], j);
  }
}

module.exports = { twoSum };
