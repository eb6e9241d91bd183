#include <stdio.h>

static int depth(int n) {
    volatile int here = n;
    return n ? depth(n - 1) + (here > 0) : 0;
}

int main(void) {
    printf("%d\n", depth(100000));
    return 0;
}
