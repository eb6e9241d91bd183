#include <stdio.h>

int main(void) {
    static char block[1 << 20];
    FILE *file = fopen("/tmp/fill", "w");
    while (file && fwrite(block, 1, sizeof block, file)) {
    }
    return 0;
}
