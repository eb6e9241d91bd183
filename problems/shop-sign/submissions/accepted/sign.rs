use std::io::{read_to_string, stdin};

fn main() {
    let input = read_to_string(stdin()).unwrap();
    let (width, text) = input.trim_end_matches('\n').split_once('\n').unwrap();
    let width: usize = width.parse().unwrap();
    let left = (width - text.len()) / 2;
    let rim = format!("+{}+", "-".repeat(width + 2));
    println!("{rim}\n| {:left$}{text:<rest$} |\n{rim}", "", rest = width - left);
}
