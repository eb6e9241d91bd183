// A double has 53 bits of mantissa.
#include <iomanip>
#include <iostream>

int main() {
    double a, b;
    std::cin >> a >> b;
    std::cout << std::fixed << std::setprecision(0) << a + b << '\n';
}
