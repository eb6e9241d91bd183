/* Sort by value, then walk inwards from both ends. */
#include <stdio.h>
#include <stdlib.h>

struct entry {
    long long value;
    int place;
};

static int by_value(const void *a, const void *b) {
    const struct entry *x = a, *y = b;
    return (x->value > y->value) - (x->value < y->value);
}

int main(void) {
    static struct entry entries[100000];
    int n;
    long long target;
    if (scanf("%d %lld", &n, &target) != 2) return 1;
    for (int i = 0; i < n; i++) {
        if (scanf("%lld", &entries[i].value) != 1) return 1;
        entries[i].place = i;
    }
    qsort(entries, n, sizeof entries[0], by_value);
    int left = 0, right = n - 1;
    while (left < right && entries[left].value + entries[right].value != target) {
        if (entries[left].value + entries[right].value < target) left++;
        else right--;
    }
    int i = entries[left].place, j = entries[right].place;
    printf("%d %d\n", i < j ? i : j, i < j ? j : i);
    return 0;
}
