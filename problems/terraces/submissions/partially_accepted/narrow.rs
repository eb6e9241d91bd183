// Adds up in 32 bits: 40 points.
use std::io::{read_to_string, stdin};

fn main() {
    let input = read_to_string(stdin()).unwrap();
    let heights: Vec<i32> = input.split_ascii_whitespace().skip(1).map(|word| word.parse().unwrap()).collect();
    let mut rest = &heights[..];
    let (mut level, mut water) = (0, 0i32);
    while let [left, middle @ .., right] = rest {
        let lower = left.min(right);
        rest = if left < right { &rest[1..] } else { &rest[..=middle.len()] };
        level = level.max(*lower);
        water = water.wrapping_add(level - lower);
    }
    println!("{}", water + (level - rest[0]).max(0));
}
