#include "solution.h"

std::vector<int> twoSum(const std::vector<int> &numbers, int target) {
    return {};
}
