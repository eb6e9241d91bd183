import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;

public class Main {
    public static void main(String[] args) throws IOException {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        int low = 1;
        int high = Integer.parseInt(in.readLine());
        while (true) {
            int middle = (low + high) >>> 1;
            System.out.println(middle);
            switch (in.readLine()) {
                case "lower" -> high = middle - 1;
                case "higher" -> low = middle + 1;
                default -> {
                    return;
                }
            }
        }
    }
}
