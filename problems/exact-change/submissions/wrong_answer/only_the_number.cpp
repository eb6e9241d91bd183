// Says how many coins, and keeps them.
#include <algorithm>
#include <iostream>
#include <vector>

int main() {
    int k, amount;
    std::cin >> k >> amount;
    std::vector<int> coins(k), fewest(amount + 1);
    for (int &coin : coins) {
        std::cin >> coin;
    }
    for (int part = 1; part <= amount; part++) {
        fewest[part] = part;
        for (int coin : coins) {
            if (coin <= part) {
                fewest[part] = std::min(fewest[part], fewest[part - coin] + 1);
            }
        }
    }
    std::cout << fewest[amount] << '\n';
}
