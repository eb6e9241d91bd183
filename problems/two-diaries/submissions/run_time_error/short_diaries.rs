// Has rows for a thousand letters.
use std::io::{read_to_string, stdin};

fn main() {
    let input = read_to_string(stdin()).unwrap();
    let (first, second) = input.trim_end().split_once('\n').unwrap();
    let mut row = [0u16; 1001];
    for letter in first.bytes() {
        let mut corner = 0;
        for (j, other) in second.bytes().enumerate() {
            let above = row[j + 1];
            row[j + 1] = if letter == other { corner + 1 } else { above.max(row[j]) };
            corner = above;
        }
    }
    println!("{}", row[second.len()]);
}
