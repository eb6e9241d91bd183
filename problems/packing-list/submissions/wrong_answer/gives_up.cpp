// Finds one thing impossible: more pairs than things.
#include <iostream>
#include <vector>

int main() {
    int n, m;
    std::cin >> n >> m;
    if (m > n) {
        std::cout << "impossible\n";
        return 0;
    }
    std::vector<std::vector<int>> after(n + 1);
    std::vector<int> waits(n + 1), order;
    for (int a, b; m-- > 0;) {
        std::cin >> a >> b;
        after[a].push_back(b);
        waits[b]++;
    }
    for (int thing = 1; thing <= n; thing++) {
        if (waits[thing] == 0) {
            order.push_back(thing);
        }
    }
    for (std::size_t i = 0; i < order.size(); i++) {
        for (int other : after[order[i]]) {
            if (--waits[other] == 0) {
                order.push_back(other);
            }
        }
    }
    if (static_cast<int>(order.size()) < n) {
        std::cout << "impossible";
    } else {
        for (int thing : order) {
            std::cout << thing << ' ';
        }
    }
    std::cout << '\n';
}
