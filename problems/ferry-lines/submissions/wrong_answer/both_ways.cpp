// Takes ferries back as well.
#include <cstdint>
#include <iostream>
#include <set>
#include <vector>

int main() {
    int n, m;
    std::cin >> n >> m;
    std::vector<std::vector<std::pair<int, int>>> ferries(n + 1);
    for (int a, b, t; m-- > 0;) {
        std::cin >> a >> b >> t;
        ferries[a].emplace_back(b, t);
        ferries[b].emplace_back(a, t);
    }
    std::vector<bool> reached(n + 1);
    std::set<std::pair<std::int64_t, int>> queue{{0, 1}};
    std::int64_t farthest = 0;
    int missing = n;
    while (!queue.empty()) {
        const auto [time, island] = *queue.begin();
        queue.erase(queue.begin());
        if (reached[island]) {
            continue;
        }
        reached[island] = true;
        farthest = time;
        missing--;
        for (const auto &[to, takes] : ferries[island]) {
            queue.emplace(time + takes, to);
        }
    }
    std::cout << farthest << ' ' << missing << '\n';
}
