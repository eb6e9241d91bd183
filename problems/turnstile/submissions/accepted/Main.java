import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashSet;
import java.util.Set;

public class Main {
    private static final InputStream IN = new BufferedInputStream(System.in, 1 << 16);

    private static int number() throws IOException {
        int value = 0;
        int c = IN.read();
        while (c >= '0') {
            value = 10 * value + c - '0';
            c = IN.read();
        }
        return value;
    }

    public static void main(String[] args) throws IOException {
        int n = number();
        int most = 0;
        Set<Integer> inside = new HashSet<>();
        for (int i = 0; i < n; i++) {
            int card = number();
            if (!inside.remove(card)) {
                inside.add(card);
            }
            most = Math.max(most, inside.size());
        }
        System.out.println(most + " " + inside.size());
    }
}
