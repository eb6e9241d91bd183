mod solution;

fn main() {
    let input = std::io::read_to_string(std::io::stdin()).unwrap();
    let numbers: Vec<i32> = input.split_ascii_whitespace().map(|word| word.parse().unwrap()).collect();
    let [smaller, larger] = solution::two_sum(&numbers[2..], numbers[1]);
    println!("{smaller} {larger}");
}
