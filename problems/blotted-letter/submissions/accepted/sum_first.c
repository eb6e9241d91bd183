/* Writes the sum in front of the days. */
#include <stdio.h>
#include <stdlib.h>

int main(void) {
    static long numbers[1001];
    char kind[8], word[16];
    int n, count = 0, blot = -1;
    long sum = 0;
    if (scanf("%7s %d", kind, &n) != 2) return 1;
    while (scanf("%15s", word) == 1) {
        if (word[0] == '?') blot = count;
        numbers[count] = atol(word);
        sum += numbers[count++];
    }
    if (kind[0] == 'w') {
        printf("%ld", sum);
        for (int i = 0; i < n; i++) printf(" %ld", numbers[i]);
    } else {
        if (blot > 0) numbers[blot] = 2 * numbers[0] - sum;
        for (int i = 1; i <= n; i++) printf("%ld ", numbers[i]);
    }
    printf("\n");
    return 0;
}
