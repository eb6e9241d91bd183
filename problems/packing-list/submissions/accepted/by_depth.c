/* Packs what nothing waits for any more, last come first. */
#include <stdio.h>

static int first[10001], next[20001], to[20001], waits[10001], stack[10001], order[10001];

int main(void) {
    int n, m, top = 0, packed = 0;
    if (scanf("%d %d", &n, &m) != 2) return 1;
    for (int i = 1; i <= m; i++) {
        int a;
        if (scanf("%d %d", &a, &to[i]) != 2) return 1;
        next[i] = first[a];
        first[a] = i;
        waits[to[i]]++;
    }
    for (int thing = 1; thing <= n; thing++) {
        if (!waits[thing]) stack[top++] = thing;
    }
    while (top > 0) {
        int thing = stack[--top];
        order[packed++] = thing;
        for (int i = first[thing]; i; i = next[i]) {
            if (--waits[to[i]] == 0) stack[top++] = to[i];
        }
    }
    if (packed < n) {
        puts("impossible");
        return 0;
    }
    for (int i = 0; i < n; i++) printf("%d\n", order[i]);
    return 0;
}
