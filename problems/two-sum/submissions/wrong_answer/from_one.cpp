// Counts places from 1.
#include <iostream>
#include <unordered_map>

int main() {
    int n;
    long long target;
    std::cin >> n >> target;
    std::unordered_map<long long, int> seen;
    for (int j = 1; j <= n; j++) {
        long long number;
        std::cin >> number;
        if (auto partner = seen.find(target - number); partner != seen.end()) {
            std::cout << partner->second << ' ' << j << '\n';
            return 0;
        }
        seen.emplace(number, j);
    }
}
