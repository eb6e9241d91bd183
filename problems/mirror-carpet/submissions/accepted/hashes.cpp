// Halves the range of lengths for each middle, and compares pieces by their hashes.
#include <cstdint>
#include <iostream>
#include <string>
#include <vector>

using Hash = std::uint64_t;
constexpr Hash PRIME = (Hash{1} << 61) - 1, BASE = 911'382'323'000'017;

Hash times(Hash a, Hash b) {
    return static_cast<Hash>(static_cast<unsigned __int128>(a) * b % PRIME);
}

struct Hashes {
    std::vector<Hash> sums{0}, powers{1};

    template <class Iterator> Hashes(Iterator begin, Iterator end) {
        for (; begin != end; ++begin) {
            sums.push_back((times(sums.back(), BASE) + static_cast<Hash>(*begin)) % PRIME);
            powers.push_back(times(powers.back(), BASE));
        }
    }

    Hash piece(int from, int to) const {
        return (sums[to] + PRIME - times(sums[from], powers[to - from])) % PRIME;
    }
};

int main() {
    std::string carpet;
    std::cin >> carpet;
    const int n = static_cast<int>(carpet.size());
    const Hashes forwards(carpet.begin(), carpet.end()), backwards(carpet.rbegin(), carpet.rend());
    int length = 0, before = 0;
    for (int both = 0; both < 2 * n - 1; both++) {
        // Between the stripes (both - reach) / 2 and (both + reach) / 2; what is within a mirrored piece is one as well.
        const int first = both / 2, last = (both + 1) / 2;
        int good = -1, bad = std::min(first, n - 1 - last) + 1;
        while (bad - good > 1) {
            const int grown = (good + bad) / 2, from = first - grown, to = last + grown + 1;
            (forwards.piece(from, to) == backwards.piece(n - to, n - from) ? good : bad) = grown;
        }
        if (good >= 0 && last - first + 1 + 2 * good > length) {
            length = last - first + 1 + 2 * good;
            before = first - good;
        }
    }
    std::cout << length << ' ' << before << '\n';
}
