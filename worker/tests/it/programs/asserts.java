public class Main {
    public static void main(String[] args) {
        try {
            assert false;
            System.out.println(0);
        } catch (AssertionError e) {
            System.out.println(7);
        }
    }
}
