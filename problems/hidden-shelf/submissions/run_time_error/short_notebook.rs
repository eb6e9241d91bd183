// Notes each place that it looked at, in a notebook with twenty lines.
use std::io::stdin;

fn main() {
    let mut lines = stdin().lines().map(|line| line.unwrap());
    let (mut low, mut high) = (1, lines.next().unwrap().parse::<u32>().unwrap());
    let (mut notebook, mut look) = ([0; 20], 0);
    loop {
        let middle = (low + high) / 2;
        notebook[look] = middle;
        look += 1;
        println!("{middle}");
        match &*lines.next().unwrap() {
            "lower" => high = middle - 1,
            "higher" => low = middle + 1,
            _ => return,
        }
    }
}
