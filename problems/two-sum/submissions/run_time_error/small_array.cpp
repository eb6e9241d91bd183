// Has room for a thousand numbers, and notices.
#include <iostream>
#include <vector>

int main() {
    int n;
    long long target;
    std::cin >> n >> target;
    std::vector<long long> numbers(1000);
    for (int j = 0; j < n; j++) {
        std::cin >> numbers.at(j);
    }
    for (int j = 0; j < n; j++) {
        for (int i = 0; i < j; i++) {
            if (numbers[i] + numbers[j] == target) {
                std::cout << i << ' ' << j << '\n';
                return 0;
            }
        }
    }
}
