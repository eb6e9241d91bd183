#include <stdbool.h>
#include <stdio.h>

static bool is_prime(int number) {
    if (number < 2) return false;
    for (int factor = 2; factor * factor <= number; factor++) {
        if (number % factor == 0) return false;
    }
    return true;
}

int main(void) {
    int weight;
    if (scanf("%d", &weight) != 1) return 1;
    for (int first = 2; first < weight; first++) {
        if (is_prime(first) && is_prime(weight - first)) {
            printf("%d %d\n", first, weight - first);
            return 0;
        }
    }
    return 1;
}
