/* Never ends where the sum is negative. */
#include <stdio.h>

int main(void) {
    long long a, b;
    if (scanf("%lld %lld", &a, &b) != 2) return 1;
    volatile long long sum = a + b;
    while (sum < 0) {
    }
    printf("%lld\n", sum);
    return 0;
}
