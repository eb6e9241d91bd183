use std::collections::VecDeque;
use std::io::{read_to_string, stdin};

fn main() {
    let input = read_to_string(stdin()).unwrap();
    let numbers: Vec<usize> = input.split_ascii_whitespace().map(|word| word.parse().unwrap()).collect();
    let n = numbers[0];
    let (mut after, mut waits) = (vec![Vec::new(); n + 1], vec![0; n + 1]);
    for pair in numbers[2..].chunks_exact(2) {
        after[pair[0]].push(pair[1]);
        waits[pair[1]] += 1;
    }
    let mut ready: VecDeque<usize> = (1..=n).filter(|&thing| waits[thing] == 0).collect();
    let mut order = Vec::new();
    while let Some(thing) = ready.pop_front() {
        order.push(thing.to_string());
        for &other in &after[thing] {
            waits[other] -= 1;
            if waits[other] == 0 {
                ready.push_back(other);
            }
        }
    }
    println!("{}", if order.len() == n { order.join(" ") } else { "impossible".to_owned() });
}
