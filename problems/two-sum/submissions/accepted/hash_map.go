package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
)

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Split(bufio.ScanWords)
	next := func() int {
		in.Scan()
		number, err := strconv.Atoi(in.Text())
		if err != nil {
			panic(err)
		}
		return number
	}
	n, target := next(), next()
	seen := make(map[int]int, n)
	for j := 0; j < n; j++ {
		number := next()
		if i, ok := seen[target-number]; ok {
			fmt.Println(i, j)
			return
		}
		if _, ok := seen[number]; !ok {
			seen[number] = j
		}
	}
}
