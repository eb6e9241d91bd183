/* A table with a place for every card up to a million: the larger numbers are outside of it. */
#include <stdio.h>

static char inside[1000001];

int main(void) {
    int n, card, now = 0, most = 0;
    if (scanf("%d", &n) != 1) return 1;
    while (scanf("%d", &card) == 1) {
        inside[card] ^= 1;
        now += inside[card] ? 1 : -1;
        if (now > most) most = now;
    }
    printf("%d %d\n", most, now);
    return 0;
}
