constexpr unsigned long spin(unsigned long seed) {
    for (unsigned i = 0; i < 1200; i++)
        for (unsigned j = 0; j < 1200; j++) seed = seed * 31 + i + j;
    return seed;
}

// Each is within the compiler's own bounds, all of them together are not within ours.
template <unsigned long N>
constexpr unsigned long total = spin(N) + total<N - 1>;
template <>
constexpr unsigned long total<0> = 0;

int main() { return total<40> == 0; }
