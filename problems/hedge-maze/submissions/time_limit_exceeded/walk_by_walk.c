/* Walks every walk. */
#include <stdio.h>

static char maze[400][401];
static int rows, columns, walks;

static void walk(int y, int x) {
    if (y == rows || x == columns || maze[y][x] == '#') return;
    if (y == rows - 1 && x == columns - 1) {
        walks = (walks + 1) % 1000000007;
        return;
    }
    walk(y + 1, x);
    walk(y, x + 1);
}

int main(void) {
    if (scanf("%d %d", &rows, &columns) != 2) return 1;
    for (int y = 0; y < rows; y++) {
        if (scanf("%400s", maze[y]) != 1) return 1;
    }
    walk(0, 0);
    printf("%d\n", walks);
    return 0;
}
