import java.util.Scanner;

public class Main {
    /** Throws where a number does not fit into 32 bits. */
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        System.out.println((long) in.nextInt() + in.nextInt());
    }
}
