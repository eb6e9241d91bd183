// Fills basins layer by layer, from a stack of walls that get lower.
#include <algorithm>
#include <iostream>
#include <vector>

int main() {
    int n;
    std::cin >> n;
    std::vector<long long> height(n);
    std::vector<int> walls;
    long long water = 0;
    for (int i = 0; i < n; i++) {
        std::cin >> height[i];
        while (!walls.empty() && height[walls.back()] <= height[i]) {
            const long long floor = height[walls.back()];
            walls.pop_back();
            if (!walls.empty()) {
                water += (i - walls.back() - 1) * (std::min(height[i], height[walls.back()]) - floor);
            }
        }
        walls.push_back(i);
    }
    std::cout << water << '\n';
}
