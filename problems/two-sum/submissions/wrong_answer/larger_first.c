/* The right places in the wrong order. */
#include <stdio.h>

int main(void) {
    static long long numbers[100000];
    int n;
    long long target;
    if (scanf("%d %lld", &n, &target) != 2) return 1;
    for (int i = 0; i < n; i++) {
        if (scanf("%lld", &numbers[i]) != 1) return 1;
    }
    for (int j = 0; j < n; j++) {
        for (int i = 0; i < j; i++) {
            if (numbers[i] + numbers[j] == target) {
                printf("%d %d\n", j, i);
                return 0;
            }
        }
    }
    return 0;
}
