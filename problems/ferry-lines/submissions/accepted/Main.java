import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.StreamTokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;

public class Main {
    private record Ferry(int to, int takes) {}

    private record At(long time, int island) {}

    private static StreamTokenizer in;

    private static int number() throws IOException {
        in.nextToken();
        return (int) in.nval;
    }

    public static void main(String[] args) throws IOException {
        in = new StreamTokenizer(new BufferedReader(new InputStreamReader(System.in), 1 << 16));
        int n = number();
        int m = number();
        List<List<Ferry>> ferries = new ArrayList<>();
        for (int i = 0; i <= n; i++) {
            ferries.add(new ArrayList<>());
        }
        for (int i = 0; i < m; i++) {
            ferries.get(number()).add(new Ferry(number(), number()));
        }
        boolean[] reached = new boolean[n + 1];
        long farthest = 0;
        int missing = n;
        PriorityQueue<At> queue = new PriorityQueue<>((a, b) -> Long.compare(a.time, b.time));
        queue.add(new At(0, 1));
        while (!queue.isEmpty()) {
            At at = queue.poll();
            if (!reached[at.island]) {
                reached[at.island] = true;
                farthest = at.time;
                missing--;
                for (Ferry ferry : ferries.get(at.island)) {
                    queue.add(new At(at.time + ferry.takes, ferry.to));
                }
            }
        }
        System.out.println(farthest + " " + missing);
    }
}
