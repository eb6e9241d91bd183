import java.util.TreeMap;

class Solution {
    int longestCalm(int[] heights, int limit) {
        TreeMap<Integer, Integer> window = new TreeMap<>();
        int start = 0;
        int best = 0;
        for (int end = 0; end < heights.length; end++) {
            window.merge(heights[end], 1, Integer::sum);
            while (window.lastKey() - window.firstKey() > limit) {
                window.computeIfPresent(heights[start], (height, count) -> count == 1 ? null : count - 1);
                start++;
            }
            best = Math.max(best, end + 1 - start);
        }
        return best;
    }
}
