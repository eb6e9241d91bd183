import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.StreamTokenizer;

public class Main {
    public static void main(String[] args) throws IOException {
        StreamTokenizer in = new StreamTokenizer(new BufferedReader(new InputStreamReader(System.in), 1 << 16));
        in.nextToken();
        int[] heights = new int[(int) in.nval];
        in.nextToken();
        int limit = (int) in.nval;
        for (int i = 0; i < heights.length; i++) {
            in.nextToken();
            heights[i] = (int) in.nval;
        }
        System.out.println(new Solution().longestCalm(heights, limit));
    }
}
