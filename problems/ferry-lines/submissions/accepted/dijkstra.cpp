#include <algorithm>
#include <cstdint>
#include <functional>
#include <iostream>
#include <queue>
#include <vector>

int main() {
    std::ios::sync_with_stdio(false);
    std::cin.tie(nullptr);
    int n, m;
    std::cin >> n >> m;
    std::vector<std::vector<std::pair<int, int>>> ferries(n + 1);
    for (int a, b, t; m-- > 0;) {
        std::cin >> a >> b >> t;
        ferries[a].emplace_back(b, t);
    }
    using At = std::pair<std::int64_t, int>;
    std::priority_queue<At, std::vector<At>, std::greater<>> queue;
    std::vector<std::int64_t> times(n + 1, -1);
    queue.emplace(0, 1);
    std::int64_t farthest = 0;
    int missing = n;
    while (!queue.empty()) {
        const auto [time, island] = queue.top();
        queue.pop();
        if (times[island] >= 0) {
            continue;
        }
        times[island] = farthest = time;
        missing--;
        for (const auto &[to, takes] : ferries[island]) {
            queue.emplace(time + takes, to);
        }
    }
    std::cout << farthest << ' ' << missing << '\n';
}
