// Takes the last place for one behind the end.
#include <iostream>
#include <string>

int main() {
    int low = 1, high;
    std::cin >> high;
    while (low < high) {
        const int middle = low + (high - low) / 2;
        std::cout << middle << std::endl;
        std::string answer;
        std::cin >> answer;
        if (answer == "here") {
            return 0;
        }
        if (answer == "lower") {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
}
