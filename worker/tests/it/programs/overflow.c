static int fall(int n) {
    volatile char frame[1000];
    frame[0] = n;
    return fall(n + 1) + frame[0];
}

int main(void) { return fall(0); }
