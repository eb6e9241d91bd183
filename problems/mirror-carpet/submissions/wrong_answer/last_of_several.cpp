// Cuts out the last of the longest pieces.
#include <iostream>
#include <string>

int main() {
    std::string carpet;
    std::cin >> carpet;
    const int n = static_cast<int>(carpet.size());
    int length = 0, before = 0;
    for (int both = 0; both < 2 * n - 1; both++) {
        int from = both / 2, to = (both + 1) / 2;
        while (from >= 0 && to < n && carpet[from] == carpet[to]) {
            from--;
            to++;
        }
        if (to - from - 1 >= length) {
            length = to - from - 1;
            before = from + 1;
        }
    }
    std::cout << length << ' ' << before << '\n';
}
