package main

func main() {
	var numbers []byte
	for {
		numbers = append(numbers, 1)
	}
}
