/* Tries a few small primes only. */
#include <stdio.h>

int main(void) {
    static const int small[] = {2, 3, 5, 7, 11, 13, 17, 19, 23};
    int weight;
    if (scanf("%d", &weight) != 1) return 1;
    for (int i = 0; i < 9; i++) {
        int second = weight - small[i], factor = 2;
        while (factor * factor <= second && second % factor) factor++;
        if (second > 1 && factor * factor > second) {
            printf("%d %d\n", small[i], second);
            return 0;
        }
    }
    puts("none");
    return 0;
}
