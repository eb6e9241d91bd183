#include <iostream>
#include <string>

int main() {
    std::string line, text;
    std::getline(std::cin, line);
    std::getline(std::cin, text);
    const std::size_t width = std::stoul(line), left = (width - text.size()) / 2;
    const std::string rim = "+" + std::string(width + 2, '-') + "+\n";
    text.insert(0, left, ' ');
    text.resize(width, ' ');
    std::cout << rim << "| " << text << " |\n" << rim;
}
