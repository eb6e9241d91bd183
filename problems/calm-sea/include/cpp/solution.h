#pragma once
#include <vector>

// The most heights in a row of which no two are farther apart than the limit.
int longestCalm(const std::vector<int> &heights, int limit);
