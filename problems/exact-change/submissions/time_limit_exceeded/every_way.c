/* Tries every order in which the coins could be paid. */
#include <stdio.h>

static int k, coin[20], paid[10001], best[10001], fewest;

static void pay(int rest, int count) {
    if (rest == 0) {
        if (fewest == 0 || count < fewest) {
            fewest = count;
            for (int i = 0; i < count; i++) best[i] = paid[i];
        }
        return;
    }
    for (int i = 0; i < k && coin[i] <= rest; i++) {
        paid[count] = coin[i];
        pay(rest - coin[i], count + 1);
    }
}

int main(void) {
    int amount;
    if (scanf("%d %d", &k, &amount) != 2) return 1;
    for (int i = 0; i < k; i++) {
        if (scanf("%d", &coin[i]) != 1) return 1;
    }
    pay(amount, 0);
    printf("%d\n", fewest);
    for (int i = 0; i < fewest; i++) printf("%d ", best[i]);
    printf("\n");
    return 0;
}
