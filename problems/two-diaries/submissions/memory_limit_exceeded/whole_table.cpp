// A table of all pairs: 256 MB.
#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

int main() {
    std::string first, second;
    std::cin >> first >> second;
    std::vector table(first.size() + 1, std::vector<int>(second.size() + 1));
    for (std::size_t i = 1; i <= first.size(); i++) {
        for (std::size_t j = 1; j <= second.size(); j++) {
            int best = std::max(table[i - 1][j], table[i][j - 1]);
            table[i][j] = first[i - 1] == second[j - 1] ? table[i - 1][j - 1] + 1 : best;
        }
    }
    std::cout << table.back().back() << '\n';
}
