// Line by line; `println!` flushes at the end of each.
use std::io::{stdin, Write};

fn main() {
    let mut lines = stdin().lines().map(|line| line.unwrap());
    let (mut low, mut high) = (1, lines.next().unwrap().parse::<u32>().unwrap());
    loop {
        let middle = (low + high) / 2;
        println!("{middle}");
        std::io::stdout().flush().unwrap();
        match &*lines.next().unwrap() {
            "lower" => high = middle - 1,
            "higher" => low = middle + 1,
            _ => return,
        }
    }
}
