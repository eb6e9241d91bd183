import java.util.Scanner;

public class Main {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        int n = in.nextInt();
        long[] x = new long[n];
        long[] y = new long[n];
        for (int i = 0; i < n; i++) {
            x[i] = in.nextLong();
            y[i] = in.nextLong();
        }
        double length = 0;
        long area = 0;
        for (int i = 0; i < n; i++) {
            int j = (i + 1) % n;
            length += Math.hypot(x[j] - x[i], y[j] - y[i]);
            area += x[i] * y[j] - x[j] * y[i];
        }
        System.out.println(length + " " + Math.abs(area) / 2.0);
    }
}
