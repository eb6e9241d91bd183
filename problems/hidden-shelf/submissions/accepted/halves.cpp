#include <iostream>
#include <string>

int main() {
    int low = 1, high, middle = 0;
    std::cin >> high;
    for (std::string answer; answer != "here"; std::cin >> answer) {
        if (answer == "lower") {
            high = middle - 1;
        } else if (answer == "higher") {
            low = middle + 1;
        }
        middle = low + (high - low) / 2;
        std::cout << middle << std::endl;
    }
}
