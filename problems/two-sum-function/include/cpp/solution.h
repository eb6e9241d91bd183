#pragma once
#include <vector>

// The places of the two numbers that add up to the target, the smaller one first.
std::vector<int> twoSum(const std::vector<int> &numbers, int target);
