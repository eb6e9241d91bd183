package main

func LongestCalm(heights []int, limit int) int {
	var highs, lows []int
	start, best := 0, 0
	for end, height := range heights {
		for len(highs) > 0 && heights[highs[len(highs)-1]] <= height {
			highs = highs[:len(highs)-1]
		}
		for len(lows) > 0 && heights[lows[len(lows)-1]] >= height {
			lows = lows[:len(lows)-1]
		}
		highs, lows = append(highs, end), append(lows, end)
		for heights[highs[0]]-heights[lows[0]] > limit {
			start++
			if highs[0] < start {
				highs = highs[1:]
			}
			if lows[0] < start {
				lows = lows[1:]
			}
		}
		if end+1-start > best {
			best = end + 1 - start
		}
	}
	return best
}
