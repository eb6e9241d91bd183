// The two that are nearest to each other, the larger first.
#include <iostream>
#include <vector>

int main() {
    int weight;
    std::cin >> weight;
    std::vector<bool> crossed_out(weight + 1);
    crossed_out[0] = crossed_out[1] = true;
    for (int number = 2; number * number <= weight; number++) {
        for (int multiple = number * number; !crossed_out[number] && multiple <= weight; multiple += number) {
            crossed_out[multiple] = true;
        }
    }
    int smaller = weight / 2;
    while (crossed_out[smaller] || crossed_out[weight - smaller]) {
        smaller--;
    }
    std::cout << weight - smaller << ' ' << smaller << '\n';
}
