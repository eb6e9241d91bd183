/* Right up to what a float can hold. */
#include <math.h>
#include <stdio.h>

int main(void) {
    float x[201], y[201], length = 0, area = 0;
    int n;
    if (scanf("%d", &n) != 1) return 1;
    for (int i = 0; i < n; i++) {
        if (scanf("%f %f", &x[i], &y[i]) != 2) return 1;
    }
    x[n] = x[0];
    y[n] = y[0];
    for (int i = 0; i < n; i++) {
        length += hypotf(x[i + 1] - x[i], y[i + 1] - y[i]);
        area += x[i] * y[i + 1] - x[i + 1] * y[i];
    }
    printf("%.6f %.6f\n", length, fabsf(area) / 2);
    return 0;
}
