function twoSum(numbers, target) {
  return [];
}

module.exports = { twoSum };
