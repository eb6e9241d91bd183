// Counts in 32 bits: groups 1 and 2, 50 points.
use std::io::{read_to_string, stdin};

fn pairs(beds: &mut [u32]) -> i32 {
    if beds.len() < 2 {
        return 0;
    }
    let middle = beds.len() / 2;
    let (left, right) = beds.split_at_mut(middle);
    let mut count = pairs(left).wrapping_add(pairs(right));
    let mut at = 0;
    for near in left.iter() {
        at += right[at..].iter().take_while(|far| *far < near).count();
        count = count.wrapping_add(at as i32);
    }
    beds.sort_unstable();
    count
}

fn main() {
    let input = read_to_string(stdin()).unwrap();
    let mut beds: Vec<u32> = input.split_ascii_whitespace().skip(1).map(|word| word.parse().unwrap()).collect();
    println!("{}", pairs(&mut beds));
}
