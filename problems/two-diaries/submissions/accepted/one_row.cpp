#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

int main() {
    std::string first, second;
    std::cin >> first >> second;
    std::vector<int> row(second.size() + 1);
    for (char letter : first) {
        int corner = 0;
        for (std::size_t j = 1; j < row.size(); j++) {
            int above = row[j];
            row[j] = letter == second[j - 1] ? corner + 1 : std::max(above, row[j - 1]);
            corner = above;
        }
    }
    std::cout << row.back() << '\n';
}
