fn main() {
    let mut numbers = Vec::new();
    loop {
        numbers.push(1u8);
    }
}
