// Takes those who are left for the most.
#include <iostream>
#include <set>

int main() {
    int n, card;
    std::cin >> n;
    std::set<int> inside;
    while (std::cin >> card) {
        if (!inside.insert(card).second) {
            inside.erase(card);
        }
    }
    std::cout << inside.size() << ' ' << inside.size() << '\n';
}
