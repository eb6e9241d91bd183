// Lets the number run over.
#include <cstdint>
#include <iostream>
#include <string>
#include <vector>

int main() {
    int rows, columns;
    std::cin >> rows >> columns;
    std::vector<std::uint64_t> ways(columns + 1);
    ways[1] = 1;
    for (std::string row; std::cin >> row;) {
        for (int x = 1; x <= columns; x++) {
            ways[x] = row[x - 1] == '#' ? 0 : ways[x] + ways[x - 1];
        }
    }
    std::cout << ways[columns] << '\n';
}
