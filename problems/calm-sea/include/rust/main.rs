mod solution;

fn main() {
    let input = std::io::read_to_string(std::io::stdin()).unwrap();
    let numbers: Vec<i32> = input.split_ascii_whitespace().map(|word| word.parse().unwrap()).collect();
    println!("{}", solution::longest_calm(&numbers[2..], numbers[1]));
}
