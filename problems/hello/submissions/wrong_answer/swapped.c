#include <stdio.h>

int main(void) {
    puts("World, Hello!");
    return 0;
}
