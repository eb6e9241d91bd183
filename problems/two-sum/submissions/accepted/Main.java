import java.io.IOException;
import java.io.InputStreamReader;
import java.io.BufferedReader;
import java.util.HashMap;
import java.util.Map;
import java.util.StringTokenizer;

public class Main {
    public static void main(String[] args) throws IOException {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in), 1 << 16);
        StringTokenizer head = new StringTokenizer(in.readLine());
        int n = Integer.parseInt(head.nextToken());
        long target = Long.parseLong(head.nextToken());
        StringTokenizer numbers = new StringTokenizer(in.readLine());
        Map<Long, Integer> seen = new HashMap<>(2 * n);
        for (int j = 0; j < n; j++) {
            long number = Long.parseLong(numbers.nextToken());
            Integer i = seen.get(target - number);
            if (i != null) {
                System.out.println(i + " " + j);
                return;
            }
            seen.putIfAbsent(number, j);
        }
    }
}
