/* Never flushes: it waits for an answer to what it has not said yet. */
#include <stdio.h>
#include <string.h>

int main(void) {
    int low = 1, high;
    char answer[10] = "";
    if (scanf("%d", &high) != 1) return 1;
    while (strcmp(answer, "here") != 0) {
        int middle = low + (high - low) / 2;
        printf("%d\n", middle);
        if (scanf("%9s", answer) != 1) return 0;
        if (strcmp(answer, "lower") == 0) high = middle - 1;
        else low = middle + 1;
    }
    return 0;
}
