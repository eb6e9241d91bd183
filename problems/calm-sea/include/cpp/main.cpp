#include "solution.h"

#include <cstdio>
#include <vector>

int main() {
    int n, limit;
    if (std::scanf("%d %d", &n, &limit) != 2) return 1;
    std::vector<int> heights(n);
    for (int &height : heights) {
        if (std::scanf("%d", &height) != 1) return 1;
    }
    std::printf("%d\n", longestCalm(heights, limit));
}
