// A Fenwick tree over the heights.
#include <cstdint>
#include <iostream>
#include <vector>

int main() {
    std::ios::sync_with_stdio(false);
    constexpr int MOST = 1'000'000;
    int n;
    std::cin >> n;
    std::vector<int> tree(MOST + 1);
    std::int64_t pairs = 0;
    for (int passed = 0; passed < n; passed++) {
        int height;
        std::cin >> height;
        int not_taller = 0;
        for (int at = height; at > 0; at -= at & -at) {
            not_taller += tree[at];
        }
        pairs += passed - not_taller;
        for (int at = height; at <= MOST; at += at & -at) {
            tree[at]++;
        }
    }
    std::cout << pairs << '\n';
}
