// Keeps a diary where there is much to tell, which is more than anybody wants to read.
#include <iostream>
#include <unordered_set>

int main() {
    int n, card;
    std::cin >> n;
    std::unordered_set<int> inside;
    std::size_t most = 0;
    while (std::cin >> card) {
        if (inside.erase(card) == 0) {
            inside.insert(card);
        }
        most = std::max(most, inside.size());
        if (n > 1'000) {
            std::cout << "card " << card << ": now " << inside.size() << " inside, at most " << most << '\n';
        }
    }
    std::cout << most << ' ' << inside.size() << '\n';
}
