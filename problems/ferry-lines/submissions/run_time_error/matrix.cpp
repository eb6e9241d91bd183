// A table of islands by islands, with an index that runs past it.
#include <iostream>
#include <vector>

int main() {
    int n, m;
    std::cin >> n >> m;
    std::vector<std::vector<int>> takes(1'000, std::vector<int>(1'000, -1));
    for (int a, b, t; m-- > 0;) {
        std::cin >> a >> b >> t;
        int &best = takes.at(a - 1).at(b - 1);
        best = best < 0 ? t : std::min(best, t);
    }
    std::vector<long long> times(n, -1);
    std::vector<bool> done(n);
    times.at(0) = 0;
    long long farthest = 0;
    int missing = n;
    while (true) {
        int next = -1;
        for (int island = 0; island < n; island++) {
            if (!done[island] && times[island] >= 0 && (next < 0 || times[island] < times[next])) {
                next = island;
            }
        }
        if (next < 0) {
            break;
        }
        done[next] = true;
        farthest = times[next];
        missing--;
        for (int to = 0; to < n; to++) {
            const int minutes = takes.at(next).at(to);
            if (minutes >= 0 && (times[to] < 0 || farthest + minutes < times[to])) {
                times[to] = farthest + minutes;
            }
        }
    }
    std::cout << farthest << ' ' << missing << '\n';
}
