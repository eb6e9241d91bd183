#include <stdio.h>

int main(void) {
    static int coin[20], fewest[10001], last[10001];
    int k, amount;
    if (scanf("%d %d", &k, &amount) != 2) return 1;
    for (int i = 0; i < k; i++) {
        if (scanf("%d", &coin[i]) != 1) return 1;
    }
    for (int part = 1; part <= amount; part++) {
        fewest[part] = part;
        last[part] = 1;
        for (int i = 1; i < k && coin[i] <= part; i++) {
            if (fewest[part - coin[i]] + 1 < fewest[part]) {
                fewest[part] = fewest[part - coin[i]] + 1;
                last[part] = coin[i];
            }
        }
    }
    printf("%d\n", fewest[amount]);
    for (; amount > 0; amount -= last[amount]) printf("%d ", last[amount]);
    printf("\n");
    return 0;
}
