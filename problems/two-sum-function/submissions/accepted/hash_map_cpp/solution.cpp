#include "solution.h"

#include <unordered_map>

std::vector<int> twoSum(const std::vector<int> &numbers, int target) {
    std::unordered_map<int, int> seen;
    for (int j = 0;; j++) {
        if (auto partner = seen.find(target - numbers[j]); partner != seen.end()) {
            return {partner->second, j};
        }
        seen.emplace(numbers[j], j);
    }
}
