/* Sorts the places in the list by card: every other place of a card is a way out. */
#include <stdio.h>
#include <stdlib.h>

static int card[200000], place[200000];
static char out[200000];

static int by_card(const void *a, const void *b) {
    int i = *(const int *)a, j = *(const int *)b;
    if (card[i] != card[j]) return card[i] < card[j] ? -1 : 1;
    return i < j ? -1 : 1;
}

static int number(void) {
    int value = 0, c = getchar_unlocked();
    while (c < '0') c = getchar_unlocked();
    for (; c >= '0'; c = getchar_unlocked()) value = 10 * value + (c - '0');
    return value;
}

int main(void) {
    int n = number();
    for (int i = 0; i < n; i++) {
        card[i] = number();
        place[i] = i;
    }
    qsort(place, n, sizeof *place, by_card);
    for (int k = 1; k < n; k++) {
        out[place[k]] = card[place[k]] == card[place[k - 1]] && !out[place[k - 1]];
    }
    int inside = 0, most = 0;
    for (int i = 0; i < n; i++) {
        inside += out[i] ? -1 : 1;
        if (inside > most) most = inside;
    }
    printf("%d %d\n", most, inside);
    return 0;
}
