#include <iostream>
#include <unordered_set>

int main() {
    std::ios::sync_with_stdio(false);
    std::cin.tie(nullptr);
    int n, card;
    std::cin >> n;
    std::unordered_set<int> inside;
    std::size_t most = 0;
    while (std::cin >> card) {
        if (inside.erase(card) == 0) {
            inside.insert(card);
        }
        most = std::max(most, inside.size());
    }
    std::cout << most << ' ' << inside.size() << '\n';
}
