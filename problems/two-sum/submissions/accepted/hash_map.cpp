#include <iostream>
#include <unordered_map>

int main() {
    std::ios::sync_with_stdio(false);
    std::cin.tie(nullptr);
    int n;
    long long target;
    std::cin >> n >> target;
    std::unordered_map<long long, int> seen;
    seen.reserve(2 * n);
    for (int j = 0; j < n; j++) {
        long long number;
        std::cin >> number;
        if (auto partner = seen.find(target - number); partner != seen.end()) {
            std::cout << partner->second << ' ' << j << '\n';
            return 0;
        }
        seen.emplace(number, j);
    }
}
