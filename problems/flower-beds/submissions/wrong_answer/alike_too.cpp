// Is annoyed by beds of the same height too.
#include <iostream>
#include <vector>

int main() {
    int n;
    std::cin >> n;
    std::vector<int> beds(n);
    long long pairs = 0;
    for (int i = 0; i < n; i++) {
        std::cin >> beds[i];
        for (int j = 0; j < i && i < 2'000; j++) {
            pairs += beds[j] >= beds[i];
        }
    }
    std::cout << pairs << '\n';
}
