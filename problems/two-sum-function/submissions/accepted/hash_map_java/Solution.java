import java.util.HashMap;
import java.util.Map;

class Solution {
    int[] twoSum(int[] numbers, int target) {
        Map<Integer, Integer> seen = new HashMap<>();
        for (int j = 0; ; j++) {
            Integer i = seen.get(target - numbers[j]);
            if (i != null) {
                return new int[] {i, j};
            }
            seen.putIfAbsent(numbers[j], j);
        }
    }
}
