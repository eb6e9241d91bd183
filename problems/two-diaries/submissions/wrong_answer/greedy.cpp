// Takes the next place of each letter, if there is one.
#include <iostream>
#include <string>

int main() {
    std::string first, second;
    std::cin >> first >> second;
    std::size_t from = 0;
    int length = 0;
    for (char letter : first) {
        std::size_t at = second.find(letter, from);
        if (at != std::string::npos) {
            from = at + 1;
            length++;
        }
    }
    std::cout << length << '\n';
}
