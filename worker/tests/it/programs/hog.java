import java.util.ArrayList;
import java.util.List;

public class Main {
    public static void main(String[] args) {
        List<int[]> blocks = new ArrayList<>();
        for (;;) blocks.add(new int[100000]);
    }
}
