// Does not end the last line.
#include <iostream>
#include <string>

int main() {
    std::string line, text;
    std::getline(std::cin, line);
    std::getline(std::cin, text);
    const std::size_t width = std::stoul(line), left = (width - text.size()) / 2;
    const std::string rim = "+" + std::string(width + 2, '-') + "+";
    text.insert(0, left, ' ');
    text.resize(width, ' ');
    std::cout << rim << "\n| " << text << " |\n" << rim;
}
