import java.util.HashMap;
import java.util.Map;
import java.util.Scanner;

public class Main {
    /** Takes the same number twice where it is half the target. */
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        int n = in.nextInt();
        long target = in.nextLong();
        long[] numbers = new long[n];
        Map<Long, Integer> places = new HashMap<>();
        for (int i = 0; i < n; i++) {
            numbers[i] = in.nextLong();
            places.putIfAbsent(numbers[i], i);
        }
        for (int i = 0; i < n; i++) {
            Integer j = places.get(target - numbers[i]);
            if (j != null) {
                System.out.println(Math.min(i, j) + " " + Math.max(i, j));
                return;
            }
        }
    }
}
