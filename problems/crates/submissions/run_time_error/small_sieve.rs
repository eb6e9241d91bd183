// Has a sieve for numbers below a hundred thousand.
use std::io::stdin;

fn main() {
    let mut line = String::new();
    stdin().read_line(&mut line).unwrap();
    let weight: usize = line.trim().parse().unwrap();
    let mut prime = [true; 100_000];
    prime[..2].fill(false);
    for number in 2..317 {
        if prime[number] {
            prime[number * number..].iter_mut().step_by(number).for_each(|multiple| *multiple = false);
        }
    }
    let first = (2..weight).find(|&first| prime[weight - first] && prime[first]).unwrap();
    println!("{first} {}", weight - first);
}
