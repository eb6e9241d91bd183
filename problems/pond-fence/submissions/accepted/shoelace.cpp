#include <complex>
#include <iomanip>
#include <iostream>
#include <vector>

using Post = std::complex<double>;

int main() {
    int n;
    std::cin >> n;
    std::vector<Post> posts;
    for (double x, y; std::cin >> x >> y;) {
        posts.emplace_back(x, y);
    }
    double length = 0, area = 0;
    for (int i = 0; i < n; i++) {
        Post here = posts[i], there = posts[(i + 1) % n];
        length += std::abs(there - here);
        area += std::imag(std::conj(here) * there);
    }
    std::cout << std::setprecision(15) << length << ' ' << std::abs(area) / 2 << '\n';
}
