package main

func LongestCalm(heights []int, limit int) int {
	return 0
}
