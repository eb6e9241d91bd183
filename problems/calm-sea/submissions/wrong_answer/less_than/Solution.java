class Solution {
    /** Takes the limit itself for too much. */
    int longestCalm(int[] heights, int limit) {
        int best = 1;
        for (int start = 0; start < Math.min(heights.length, 1_000); start++) {
            int low = heights[start];
            int high = heights[start];
            int end = start;
            while (end < heights.length && Math.max(high, heights[end]) - Math.min(low, heights[end]) < limit) {
                high = Math.max(high, heights[end]);
                low = Math.min(low, heights[end]);
                end++;
            }
            best = Math.max(best, end - start);
        }
        return best;
    }
}
