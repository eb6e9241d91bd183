class Solution {
    int[] twoSum(int[] numbers, int target) {
        return new int[] {};
    }
}
