// Depth first, backwards: a thing stands in front of everything that has to follow it.
#include <algorithm>
#include <iostream>
#include <vector>

std::vector<std::vector<int>> after;
std::vector<int> state, order;

bool visit(int thing) {
    state[thing] = 1;
    for (int other : after[thing]) {
        if (state[other] == 1 || (state[other] == 0 && !visit(other))) {
            return false;
        }
    }
    state[thing] = 2;
    order.push_back(thing);
    return true;
}

int main() {
    int n, m;
    std::cin >> n >> m;
    after.resize(n + 1);
    state.resize(n + 1);
    for (int a, b; m-- > 0;) {
        std::cin >> a >> b;
        after[a].push_back(b);
    }
    for (int thing = 1; thing <= n; thing++) {
        if (state[thing] == 0 && !visit(thing)) {
            std::cout << "impossible\n";
            return 0;
        }
    }
    std::reverse(order.begin(), order.end());
    for (int thing : order) {
        std::cout << thing << ' ';
    }
    std::cout << '\n';
}
