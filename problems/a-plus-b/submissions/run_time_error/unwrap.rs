// Panics where a number does not fit into 32 bits.
use std::io::{read_to_string, stdin};

fn main() {
    let input = read_to_string(stdin()).unwrap();
    let sum: i64 = input.split_whitespace().map(|word| i64::from(word.parse::<i32>().unwrap())).sum();
    println!("{sum}");
}
