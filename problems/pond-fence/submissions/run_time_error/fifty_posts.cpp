// Has room for fifty posts, and notices when there are more.
#include <array>
#include <cmath>
#include <cstdio>

int main() {
    int n;
    std::array<double, 50> x, y;
    std::scanf("%d", &n);
    for (int i = 0; i < n; i++) {
        std::scanf("%lf %lf", &x.at(i), &y.at(i));
    }
    double length = 0, area = 0;
    for (int i = 0; i < n; i++) {
        int j = (i + 1) % n;
        length += std::hypot(x[j] - x[i], y[j] - y[i]);
        area += x[i] * y[j] - x[j] * y[i];
    }
    std::printf("%.9f %.9f\n", length, std::abs(area) / 2);
}
