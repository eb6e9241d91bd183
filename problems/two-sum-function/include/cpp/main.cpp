#include "solution.h"

#include <cstdio>
#include <vector>

int main() {
    int n, target;
    if (std::scanf("%d %d", &n, &target) != 2) return 1;
    std::vector<int> numbers(n);
    for (int &number : numbers) {
        if (std::scanf("%d", &number) != 1) return 1;
    }
    const std::vector<int> places = twoSum(numbers, target);
    for (std::size_t i = 0; i < places.size(); i++) {
        std::printf(i + 1 < places.size() ? "%d " : "%d\n", places[i]);
    }
}
