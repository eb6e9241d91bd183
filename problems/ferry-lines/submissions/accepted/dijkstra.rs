use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{read_to_string, stdin};

fn main() {
    let input = read_to_string(stdin()).unwrap();
    let numbers: Vec<usize> = input.split_ascii_whitespace().map(|word| word.parse().unwrap()).collect();
    let n = numbers[0];
    let mut ferries = vec![Vec::new(); n + 1];
    for line in numbers[2..].chunks_exact(3) {
        ferries[line[0]].push((line[1], line[2] as u64));
    }
    let (mut times, mut farthest, mut missing) = (vec![None; n + 1], 0, n);
    let mut queue = BinaryHeap::from([Reverse((0, 1))]);
    while let Some(Reverse((time, island))) = queue.pop() {
        if times[island].is_none() {
            times[island] = Some(time);
            farthest = time;
            missing -= 1;
            queue.extend(ferries[island].iter().map(|&(to, takes)| Reverse((time + takes, to))));
        }
    }
    println!("{farthest} {missing}");
}
