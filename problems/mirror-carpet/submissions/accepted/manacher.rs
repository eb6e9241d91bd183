use std::io::{read_to_string, stdin};

fn main() {
    let carpet = read_to_string(stdin()).unwrap();
    let mut barred = vec![b'^', b'|'];
    barred.extend(carpet.trim_end().bytes().flat_map(|stripe| [stripe, b'|']));
    barred.push(b'$');
    let mut reach = vec![0; barred.len()];
    let (mut middle, mut right, mut best) = (0, 0, 0);
    for i in 1..barred.len() - 1 {
        if i < right {
            reach[i] = reach[2 * middle - i].min(right - i);
        }
        while barred[i - reach[i] - 1] == barred[i + reach[i] + 1] {
            reach[i] += 1;
        }
        if i + reach[i] > right {
            (middle, right) = (i, i + reach[i]);
        }
        if reach[i] > reach[best] {
            best = i;
        }
    }
    println!("{} {}", reach[best], (best - reach[best]) / 2);
}
