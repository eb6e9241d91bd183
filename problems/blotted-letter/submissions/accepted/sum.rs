use std::io::{read_to_string, stdin};

fn main() {
    let input = read_to_string(stdin()).unwrap();
    let words: Vec<&str> = input.split_ascii_whitespace().collect();
    let numbers: Vec<Option<i64>> = words[2..].iter().map(|word| word.parse().ok()).collect();
    let known: i64 = numbers.iter().flatten().sum();
    let letter: Vec<i64> = if words[0] == "write" {
        numbers.into_iter().flatten().chain([known]).collect()
    } else {
        // If the sum is there, the known days and it make twice the sum but for the day that is not.
        let sum = numbers[numbers.len() - 1].unwrap_or(0);
        numbers[..numbers.len() - 1].iter().map(|day| day.unwrap_or(2 * sum - known)).collect()
    };
    println!("{}", letter.iter().map(i64::to_string).collect::<Vec<_>>().join(" "));
}
