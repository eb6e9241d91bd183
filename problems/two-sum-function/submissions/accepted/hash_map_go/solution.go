package main

func TwoSum(numbers []int, target int) [2]int {
	seen := map[int]int{}
	for j, number := range numbers {
		if i, ok := seen[target-number]; ok {
			return [2]int{i, j}
		}
		if _, ok := seen[number]; !ok {
			seen[number] = j
		}
	}
	panic("no pair")
}
