// validate INPUT ANSWER FEEDBACK/ < OUTPUT
//
// Takes every order that has each thing once and keeps to each pair; `impossible` only where the answer says so.
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

namespace {

std::string feedback;

[[noreturn]] void wrong(const std::string &why) {
    std::ofstream(feedback + "judgemessage.txt") << why << '\n';
    std::exit(43);
}

} // namespace

int main(int, char **argv) {
    feedback = argv[3];
    std::ifstream input(argv[1]), answer(argv[2]);
    std::string expected, word;
    answer >> expected;
    int n = 0, m = 0;
    input >> n >> m;
    std::vector<int> place(n + 1, 0);
    int packed = 0;
    while (std::cin >> word) {
        if (packed == 0 && word == "impossible") {
            if (std::cin >> word) wrong("something follows 'impossible'");
            if (expected != "impossible") wrong("there is an order");
            return 42;
        }
        const bool digits = word.size() <= 5 && word.find_first_not_of("0123456789") == std::string::npos;
        const int thing = digits ? std::stoi(word) : 0;
        if (thing < 1 || thing > n) wrong("'" + word.substr(0, 40) + "' is not the number of a thing");
        if (place[thing] != 0) wrong("thing " + word + " is packed twice");
        place[thing] = ++packed;
    }
    if (packed != n) wrong(std::to_string(packed) + " of " + std::to_string(n) + " things are packed");
    for (int a = 0, b = 0; input >> a >> b;) {
        if (place[a] > place[b]) wrong("thing " + std::to_string(a) + " is packed after thing " + std::to_string(b));
    }
    // Found one although the answer says that there is none: then the answer is wrong, and the exit status says so.
    return expected == "impossible" ? 1 : 42;
}
