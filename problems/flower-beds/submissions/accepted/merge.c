/* Counts while it merges sorted halves. */
#include <stdio.h>
#include <string.h>

static int bed[70000], sorted[70000];

static long long pairs(int from, int to) {
    if (to - from < 2) return 0;
    int middle = (from + to) / 2;
    long long count = pairs(from, middle) + pairs(middle, to);
    int i = from, j = middle;
    for (int k = from; k < to; k++) {
        if (j == to || (i < middle && bed[i] <= bed[j])) {
            sorted[k] = bed[i++];
        } else {
            count += middle - i;
            sorted[k] = bed[j++];
        }
    }
    memcpy(bed + from, sorted + from, (to - from) * sizeof *bed);
    return count;
}

int main(void) {
    int n;
    if (scanf("%d", &n) != 1) return 1;
    for (int i = 0; i < n; i++) {
        if (scanf("%d", &bed[i]) != 1) return 1;
    }
    printf("%lld\n", pairs(0, n));
    return 0;
}
