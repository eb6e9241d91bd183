import java.util.Scanner;

public class Main {
    /** A table of all pairs: 256 MB. */
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        String first = in.next();
        String second = in.next();
        int[][] table = new int[first.length() + 1][second.length() + 1];
        for (int i = 1; i <= first.length(); i++) {
            for (int j = 1; j <= second.length(); j++) {
                int best = Math.max(table[i - 1][j], table[i][j - 1]);
                boolean same = first.charAt(i - 1) == second.charAt(j - 1);
                table[i][j] = same ? table[i - 1][j - 1] + 1 : best;
            }
        }
        System.out.println(table[first.length()][second.length()]);
    }
}
