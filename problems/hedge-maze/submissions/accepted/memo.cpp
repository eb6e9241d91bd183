// Asks from the end, and remembers the answers.
#include <iostream>
#include <string>
#include <vector>

std::vector<std::string> maze;
std::vector<std::vector<long long>> known;

long long ways(int y, int x) {
    if (y < 0 || x < 0 || maze[y][x] == '#') {
        return 0;
    }
    if (y == 0 && x == 0) {
        return 1;
    }
    if (known[y][x] < 0) {
        known[y][x] = (ways(y - 1, x) + ways(y, x - 1)) % 1'000'000'007;
    }
    return known[y][x];
}

int main() {
    int rows, columns;
    std::cin >> rows >> columns;
    maze.resize(rows);
    for (auto &row : maze) {
        std::cin >> row;
    }
    known.assign(rows, std::vector<long long>(columns, -1));
    std::cout << ways(rows - 1, columns - 1) << '\n';
}
