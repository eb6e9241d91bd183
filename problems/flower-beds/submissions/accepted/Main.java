import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.StreamTokenizer;

public class Main {
    /** A Fenwick tree over the heights. */
    public static void main(String[] args) throws IOException {
        StreamTokenizer in = new StreamTokenizer(new BufferedReader(new InputStreamReader(System.in), 1 << 16));
        in.nextToken();
        int n = (int) in.nval;
        int[] tree = new int[1_000_001];
        long pairs = 0;
        for (int passed = 0; passed < n; passed++) {
            in.nextToken();
            int height = (int) in.nval;
            int notTaller = 0;
            for (int at = height; at > 0; at -= at & -at) {
                notTaller += tree[at];
            }
            pairs += passed - notTaller;
            for (int at = height; at < tree.length; at += at & -at) {
                tree[at]++;
            }
        }
        System.out.println(pairs);
    }
}
