// Forgets the plank from the last post to the first.
#include <cmath>
#include <cstdio>

int main() {
    int n;
    double x[200], y[200], length = 0, area = 0;
    std::scanf("%d", &n);
    for (int i = 0; i < n; i++) {
        std::scanf("%lf %lf", &x[i], &y[i]);
    }
    for (int i = 0; i + 1 < n; i++) {
        length += std::hypot(x[i + 1] - x[i], y[i + 1] - y[i]);
        area += x[i] * y[i + 1] - x[i + 1] * y[i];
    }
    std::printf("%.9f %.9f\n", length, std::abs(area) / 2);
}
