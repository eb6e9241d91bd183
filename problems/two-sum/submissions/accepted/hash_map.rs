use std::collections::HashMap;
use std::io::{read_to_string, stdin};

fn main() {
    let input = read_to_string(stdin()).unwrap();
    let mut numbers = input.split_ascii_whitespace().map(|word| word.parse::<i64>().unwrap());
    let (_n, target) = (numbers.next().unwrap(), numbers.next().unwrap());
    let mut seen = HashMap::new();
    for (j, number) in numbers.enumerate() {
        if let Some(i) = seen.get(&(target - number)) {
            println!("{i} {j}");
            return;
        }
        seen.entry(number).or_insert(j);
    }
}
