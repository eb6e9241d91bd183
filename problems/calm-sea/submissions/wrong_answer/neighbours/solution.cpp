#include "solution.h"

#include <cstdlib>

// Compares each height with the one before it only.
int longestCalm(const std::vector<int> &heights, int limit) {
    int calm = 1, best = 1;
    for (std::size_t i = 1; i < heights.size(); i++) {
        calm = std::abs(heights[i] - heights[i - 1]) <= limit ? calm + 1 : 1;
        best = calm > best ? calm : best;
    }
    return best;
}
