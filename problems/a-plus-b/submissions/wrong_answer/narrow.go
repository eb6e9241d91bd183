package main

import "fmt"

// 32 bits are not enough.
func main() {
	var a, b int64
	fmt.Scan(&a, &b)
	fmt.Println(int32(a) + int32(b))
}
