/* Gives up on signs that are wider than fifty letters. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void) {
    int width;
    char text[64], rim[64];
    if (scanf("%d ", &width) != 1 || !fgets(text, sizeof text, stdin)) return 1;
    if (width > 50) abort();
    text[strcspn(text, "\r\n")] = 0;
    memset(rim, '-', sizeof rim);
    int left = (width - (int)strlen(text)) / 2;
    printf("+%.*s+\n| %*s%-*s |\n", width + 2, rim, left, "", width - left, text);
    printf("+%.*s+\n", width + 2, rim);
    return 0;
}
