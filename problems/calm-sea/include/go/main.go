package main

import (
	"bufio"
	"fmt"
	"os"
)

func main() {
	in := bufio.NewReader(os.Stdin)
	var n, limit int
	fmt.Fscan(in, &n, &limit)
	heights := make([]int, n)
	for i := range heights {
		fmt.Fscan(in, &heights[i])
	}
	fmt.Println(LongestCalm(heights, limit))
}
