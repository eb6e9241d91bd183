#include <stdio.h>
#include <string.h>

static char first[8001], second[8001];
static int row[2][8001];

int main(void) {
    if (scanf("%8000s %8000s", first, second) != 2) return 1;
    int n = strlen(first), m = strlen(second);
    for (int i = 0; i < n; i++) {
        int *above = row[i & 1], *here = row[~i & 1];
        for (int j = 0; j < m; j++) {
            int best = above[j + 1] > here[j] ? above[j + 1] : here[j];
            here[j + 1] = first[i] == second[j] ? above[j] + 1 : best;
        }
    }
    printf("%d\n", row[n & 1][m]);
    return 0;
}
