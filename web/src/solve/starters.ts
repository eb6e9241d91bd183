// What stands in the editor at first: the problem's own starter, else a program that reads its input.
import type { Starter } from "../api";

const C_FAMILY = `#include <iostream>
using namespace std;

int main() {
    ios::sync_with_stdio(false);
    cin.tie(nullptr);

    return 0;
}
`;

const STARTERS: Record<string, string> = {
  c: `#include <stdio.h>

int main(void) {

    return 0;
}
`,
  cpp: C_FAMILY,
  go: `package main

import (
	"bufio"
	"fmt"
	"os"
)

func main() {
	in := bufio.NewReader(os.Stdin)
	var line string
	fmt.Fscan(in, &line)
}
`,
  java: `import java.util.Scanner;

public class Main {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
    }
}
`,
  javascript: `const lines = require("fs").readFileSync(0, "utf8").split("\\n");
`,
  typescript: `import { readFileSync } from "fs";

const lines: string[] = readFileSync(0, "utf8").split("\\n");
`,
  python: `import sys

lines = sys.stdin.read().splitlines()
`,
  rust: `use std::io::{read_to_string, stdin};

fn main() {
    let input = read_to_string(stdin()).unwrap();
}
`,
};

export function starter(language: string, own: Pick<Starter, "language" | "content">[] = []): string {
  const family = language.startsWith("cpp") ? "cpp" : language === "pypy" ? "python" : language;
  return own.find((each) => each.language === language)?.content ?? STARTERS[family] ?? "";
}
