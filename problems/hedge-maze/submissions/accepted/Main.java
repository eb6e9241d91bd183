import java.util.Scanner;

public class Main {
    /** Goes from the end to the start. */
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        int rows = in.nextInt();
        int columns = in.nextInt();
        String[] maze = new String[rows];
        for (int y = 0; y < rows; y++) {
            maze[y] = in.next();
        }
        int[][] ways = new int[rows + 1][columns + 1];
        ways[rows][columns - 1] = 1;
        for (int y = rows - 1; y >= 0; y--) {
            for (int x = columns - 1; x >= 0; x--) {
                if (maze[y].charAt(x) == '.') {
                    ways[y][x] = (ways[y + 1][x] + ways[y][x + 1]) % 1_000_000_007;
                }
            }
        }
        System.out.println(ways[0][0]);
    }
}
