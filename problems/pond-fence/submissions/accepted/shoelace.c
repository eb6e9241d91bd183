#include <math.h>
#include <stdio.h>

int main(void) {
    static double x[201], y[201];
    int n;
    if (scanf("%d", &n) != 1) return 1;
    for (int i = 0; i < n; i++) {
        if (scanf("%lf %lf", &x[i], &y[i]) != 2) return 1;
    }
    x[n] = x[0];
    y[n] = y[0];
    double length = 0, area = 0;
    for (int i = 0; i < n; i++) {
        length += hypot(x[i + 1] - x[i], y[i + 1] - y[i]);
        area += x[i] * y[i + 1] - x[i + 1] * y[i];
    }
    printf("%.9f %.9f\n", length, fabs(area) / 2);
    return 0;
}
