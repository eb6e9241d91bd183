import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;

public class Main {
    public static void main(String[] args) throws IOException {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        char[] first = in.readLine().toCharArray();
        char[] second = in.readLine().toCharArray();
        short[] row = new short[second.length + 1];
        for (char letter : first) {
            short corner = 0;
            for (int j = 1; j < row.length; j++) {
                short above = row[j];
                row[j] = letter == second[j - 1] ? (short) (corner + 1) : above > row[j - 1] ? above : row[j - 1];
                corner = above;
            }
        }
        System.out.println(row[second.length]);
    }
}
