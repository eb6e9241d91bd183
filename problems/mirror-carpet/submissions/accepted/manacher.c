#include <stdio.h>
#include <string.h>

static char carpet[100002], barred[200005];
static int reach[200005];

int main(void) {
    if (scanf("%100000s", carpet) != 1) return 1;
    int n = 0;
    barred[n++] = '^';
    for (char *stripe = carpet; *stripe; stripe++) {
        barred[n++] = '|';
        barred[n++] = *stripe;
    }
    barred[n++] = '|';
    barred[n] = '$';
    int middle = 0, right = 0, best = 0;
    for (int i = 1; i < n; i++) {
        if (i < right) {
            int mirrored = reach[2 * middle - i];
            reach[i] = mirrored < right - i ? mirrored : right - i;
        }
        while (barred[i - reach[i] - 1] == barred[i + reach[i] + 1]) reach[i]++;
        if (i + reach[i] > right) {
            middle = i;
            right = i + reach[i];
        }
        if (reach[i] > reach[best]) best = i;
    }
    printf("%d %d\n", reach[best], (best - reach[best]) / 2);
    return 0;
}
