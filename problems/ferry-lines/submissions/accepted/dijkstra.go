package main

import (
	"bufio"
	"container/heap"
	"fmt"
	"os"
)

type at struct{ time, island int }

type queue []at

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].time < q[j].time }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)        { *q = append(*q, x.(at)) }
func (q *queue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

func main() {
	in := bufio.NewReader(os.Stdin)
	var n, m int
	fmt.Fscan(in, &n, &m)
	ferries := make([][]at, n+1)
	for ; m > 0; m-- {
		var a, b, t int
		fmt.Fscan(in, &a, &b, &t)
		ferries[a] = append(ferries[a], at{t, b})
	}
	reached := make([]bool, n+1)
	farthest, missing := 0, n
	for q := (queue{{0, 1}}); len(q) > 0; {
		here := heap.Pop(&q).(at)
		if reached[here.island] {
			continue
		}
		reached[here.island] = true
		farthest = here.time
		missing--
		for _, ferry := range ferries[here.island] {
			heap.Push(&q, at{here.time + ferry.time, ferry.island})
		}
	}
	fmt.Println(farthest, missing)
}
