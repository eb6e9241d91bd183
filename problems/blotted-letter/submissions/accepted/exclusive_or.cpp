// Adds the exclusive or of all days: then that of the whole letter is zero, wherever the blot is.
#include <iostream>
#include <string>
#include <vector>

int main() {
    std::string kind, word;
    int n;
    std::cin >> kind >> n;
    std::vector<int> numbers;
    int all = 0, blot = -1;
    while (std::cin >> word) {
        if (word == "?") {
            blot = static_cast<int>(numbers.size());
            word = "0";
        }
        numbers.push_back(std::stoi(word));
        all ^= numbers.back();
    }
    if (kind == "write") {
        numbers.push_back(all);
    } else {
        numbers[blot] = all;
        numbers.pop_back();
    }
    for (int number : numbers) {
        std::cout << number << ' ';
    }
    std::cout << '\n';
}
