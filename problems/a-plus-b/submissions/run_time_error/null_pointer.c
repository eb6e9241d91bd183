/* Crashes where the sum is negative. */
#include <stdio.h>

int main(void) {
    long long a, b;
    if (scanf("%lld %lld", &a, &b) != 2) return 1;
    long long sum = a + b;
    long long *volatile where = sum < 0 ? NULL : &sum;
    printf("%lld\n", *where);
    return 0;
}
