// Prints the numbers instead of their places.
use std::collections::HashSet;
use std::io::{read_to_string, stdin};

fn main() {
    let input = read_to_string(stdin()).unwrap();
    let mut numbers = input.split_ascii_whitespace().map(|word| word.parse::<i64>().unwrap());
    let (_n, target) = (numbers.next().unwrap(), numbers.next().unwrap());
    let mut seen = HashSet::new();
    for number in numbers {
        if seen.contains(&(target - number)) {
            println!("{} {number}", target - number);
            return;
        }
        seen.insert(number);
    }
}
