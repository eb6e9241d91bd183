#include <stdio.h>

int main(void) {
    int low = 1, high;
    char answer[10];
    if (scanf("%d", &high) != 1) return 1;
    for (;;) {
        int middle = low + (high - low) / 2;
        printf("%d\n", middle);
        fflush(stdout);
        if (scanf("%9s", answer) != 1 || answer[2] == 'r') return 0; /* here */
        if (answer[0] == 'l') high = middle - 1;
        else low = middle + 1;
    }
}
