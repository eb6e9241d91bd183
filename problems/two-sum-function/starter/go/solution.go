package main

func TwoSum(numbers []int, target int) [2]int {
	return [2]int{}
}
