import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.StreamTokenizer;
import java.util.Arrays;
import java.util.stream.Collectors;

public class Main {
    public static void main(String[] args) throws IOException {
        StreamTokenizer in = new StreamTokenizer(new BufferedReader(new InputStreamReader(System.in), 1 << 16));
        in.nextToken();
        int[] numbers = new int[(int) in.nval];
        in.nextToken();
        int target = (int) in.nval;
        for (int i = 0; i < numbers.length; i++) {
            in.nextToken();
            numbers[i] = (int) in.nval;
        }
        int[] places = new Solution().twoSum(numbers, target);
        System.out.println(Arrays.stream(places).mapToObj(Integer::toString).collect(Collectors.joining(" ")));
    }
}
