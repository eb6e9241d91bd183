// All amounts that take one coin, then all that take two, and so on.
#include <iostream>
#include <vector>

int main() {
    int k, amount;
    std::cin >> k >> amount;
    std::vector<int> coins(k), last(amount + 1), queue{0};
    for (int &coin : coins) {
        std::cin >> coin;
    }
    for (std::size_t i = 0; last[amount] == 0; i++) {
        for (int coin : coins) {
            const int sum = queue[i] + coin;
            if (sum <= amount && last[sum] == 0) {
                last[sum] = coin;
                queue.push_back(sum);
            }
        }
    }
    std::vector<int> paid;
    for (; amount > 0; amount -= last[amount]) {
        paid.push_back(last[amount]);
    }
    std::cout << paid.size() << '\n';
    for (int coin : paid) {
        std::cout << coin << ' ';
    }
    std::cout << '\n';
}
