class Solution {
    int longestCalm(int[] heights, int limit) {
        return 0;
    }
}
