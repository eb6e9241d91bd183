package main

// Looks at the number behind the last one.
func TwoSum(numbers []int, target int) [2]int {
	for i := range numbers {
		if numbers[i]+numbers[i+1] == target {
			return [2]int{i, i + 1}
		}
	}
	return [2]int{}
}
