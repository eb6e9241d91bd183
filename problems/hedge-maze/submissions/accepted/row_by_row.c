#include <stdio.h>

int main(void) {
    static int ways[401];
    static char row[401];
    int rows, columns;
    if (scanf("%d %d", &rows, &columns) != 2) return 1;
    ways[1] = 1;
    for (int y = 0; y < rows; y++) {
        if (scanf("%400s", row) != 1) return 1;
        ways[0] = 0;
        for (int x = 1; x <= columns; x++) {
            ways[x] = row[x - 1] == '#' ? 0 : (ways[x] + ways[x - 1]) % 1000000007;
        }
    }
    printf("%d\n", ways[columns]);
    return 0;
}
