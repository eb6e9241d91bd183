/* 32 bits are not enough. */
#include <stdint.h>
#include <stdio.h>

int main(void) {
    long long a, b;
    if (scanf("%lld %lld", &a, &b) != 2) return 1;
    printf("%d\n", (int)((uint32_t)a + (uint32_t)b));
    return 0;
}
