package main

import "fmt"

// Goes past the end of a short array.
func main() {
	var n, target int
	fmt.Scan(&n, &target)
	numbers := make([]int, 3)
	for i := 0; i < n; i++ {
		fmt.Scan(&numbers[i])
	}
	for j := range numbers {
		for i := 0; i < j; i++ {
			if numbers[i]+numbers[j] == target {
				fmt.Println(i, j)
				return
			}
		}
	}
}
