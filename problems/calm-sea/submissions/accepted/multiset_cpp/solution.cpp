#include "solution.h"

#include <set>

int longestCalm(const std::vector<int> &heights, int limit) {
    std::multiset<int> window;
    std::size_t start = 0, best = 0;
    for (int height : heights) {
        window.insert(height);
        while (*window.rbegin() - *window.begin() > limit) {
            window.erase(window.find(heights[start++]));
        }
        best = std::max(best, window.size());
    }
    return static_cast<int>(best);
}
