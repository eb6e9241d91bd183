fn depth(n: u32) -> u32 {
    let here = std::hint::black_box(n);
    if n == 0 { 0 } else { depth(n - 1) + u32::from(here > 0) }
}

fn main() {
    println!("{}", depth(100000));
}
