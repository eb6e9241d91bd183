// What is submitted to "A plus B" in three languages: right, wrong, slow, crashing, and not to be compiled.
export const PROGRAMS = {
  python: {
    accepted: "a, b = map(int, input().split())\nprint(a + b)\n",
    wrong_answer: "a, b = map(int, input().split())\nprint(a - b)\n",
    time_limit_exceeded: "while True: pass\n",
    run_time_error: "raise SystemExit(3)\n",
    compile_error: "def broken(:\n    pass\n",
  },
  cpp: {
    accepted: "#include <iostream>\nint main() { long long a, b; std::cin >> a >> b; std::cout << a + b; }\n",
    wrong_answer: "#include <iostream>\nint main() { long long a, b; std::cin >> a >> b; std::cout << a - b; }\n",
    time_limit_exceeded: "int main() { volatile int n = 0; for (;;) n = n + 1; }\n",
    run_time_error: "#include <cstdlib>\nint main() { std::abort(); }\n",
    compile_error: "int main() {\n    return nothing;\n}\n",
  },
  javascript: {
    accepted: 'const [a, b] = require("fs").readFileSync(0, "utf8").trim().split(/\\s+/).map(BigInt);\nconsole.log(String(a + b));\n',
    wrong_answer: 'console.log("no");\n',
    time_limit_exceeded: "for (;;);\n",
    run_time_error: 'throw new Error("crashed");\n',
    compile_error: "function broken( {\n",
  },
};
