use std::collections::HashSet;
use std::io::{read_to_string, stdin};

fn main() {
    let input = read_to_string(stdin()).unwrap();
    let (mut inside, mut most) = (HashSet::new(), 0);
    for card in input.split_ascii_whitespace().skip(1) {
        if !inside.remove(card) {
            inside.insert(card);
            most = most.max(inside.len());
        }
    }
    println!("{most} {}", inside.len());
}
