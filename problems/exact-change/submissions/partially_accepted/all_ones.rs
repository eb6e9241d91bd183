// Pays with the smallest coin only: right, and worth next to nothing.
use std::io::stdin;

fn main() {
    let mut line = String::new();
    stdin().read_line(&mut line).unwrap();
    let amount: usize = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    println!("{amount}\n{}", "1 ".repeat(amount));
}
