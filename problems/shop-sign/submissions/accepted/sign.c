#include <stdio.h>
#include <string.h>

static void rim(int width) {
    putchar('+');
    for (int i = 0; i < width + 2; i++) putchar('-');
    puts("+");
}

int main(void) {
    int width;
    char text[64];
    if (scanf("%d ", &width) != 1 || !fgets(text, sizeof text, stdin)) return 1;
    text[strcspn(text, "\r\n")] = 0;
    int left = (width - (int)strlen(text)) / 2;
    rim(width);
    printf("| %*s%-*s |\n", left, "", width - left, text);
    rim(width);
    return 0;
}
