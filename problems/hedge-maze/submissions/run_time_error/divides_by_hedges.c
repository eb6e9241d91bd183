/* Works the share of overgrown lawns out, for no good reason, and divides by it. */
#include <stdio.h>

int main(void) {
    static int ways[401];
    static char row[401];
    int rows, columns, hedges = 0;
    if (scanf("%d %d", &rows, &columns) != 2) return 1;
    ways[1] = 1;
    for (int y = 0; y < rows; y++) {
        if (scanf("%400s", row) != 1) return 1;
        for (int x = 1; x <= columns; x++) {
            hedges += row[x - 1] == '#';
            ways[x] = row[x - 1] == '#' ? 0 : (ways[x] + ways[x - 1]) % 1000000007;
        }
    }
    fprintf(stderr, "one hedge in %d lawns\n", rows * columns / hedges);
    printf("%d\n", ways[columns]);
    return 0;
}
