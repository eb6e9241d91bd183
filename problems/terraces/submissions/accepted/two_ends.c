/* Goes on from the lower of the two ends. */
#include <stdio.h>

int main(void) {
    static int height[30000];
    int n;
    if (scanf("%d", &n) != 1) return 1;
    for (int i = 0; i < n; i++) {
        if (scanf("%d", &height[i]) != 1) return 1;
    }
    long long water = 0;
    int left = 0, right = n - 1, level = 0;
    while (left <= right) {
        int lower = height[left] < height[right] ? height[left++] : height[right--];
        if (lower > level) level = lower;
        water += level - lower;
    }
    printf("%lld\n", water);
    return 0;
}
