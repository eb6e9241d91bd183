// Does the same in both runs.
#include <iostream>
#include <string>

int main() {
    std::string kind, word;
    int n;
    long long sum = 0;
    std::cin >> kind >> n;
    while (std::cin >> word) {
        if (word != "?") {
            std::cout << word << ' ';
            sum += std::stoll(word);
        }
    }
    std::cout << sum << '\n';
}
