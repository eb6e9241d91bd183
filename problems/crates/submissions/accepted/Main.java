import java.math.BigInteger;
import java.util.Scanner;

public class Main {
    public static void main(String[] args) {
        BigInteger weight = new Scanner(System.in).nextBigInteger();
        BigInteger first = BigInteger.TWO;
        while (!weight.subtract(first).isProbablePrime(40)) {
            first = first.nextProbablePrime();
        }
        System.out.println(first + " " + weight.subtract(first));
    }
}
