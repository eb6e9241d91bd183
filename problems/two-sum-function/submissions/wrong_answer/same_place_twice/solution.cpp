#include "solution.h"

// Takes the same number twice where it is half the target.
std::vector<int> twoSum(const std::vector<int> &numbers, int target) {
    for (std::size_t i = 0; i < numbers.size(); i++) {
        for (std::size_t j = i; j < numbers.size(); j++) {
            if (numbers[i] + numbers[j] == target) {
                return {static_cast<int>(i), static_cast<int>(j)};
            }
        }
    }
    return {};
}
