// A table of islands by islands: 400 MB.
use std::io::{read_to_string, stdin};

fn main() {
    let input = read_to_string(stdin()).unwrap();
    let numbers: Vec<usize> = input.split_ascii_whitespace().map(|word| word.parse().unwrap()).collect();
    let n = numbers[0];
    let mut takes = vec![u32::MAX; n * n];
    for line in numbers[2..].chunks_exact(3) {
        let best = &mut takes[(line[0] - 1) * n + line[1] - 1];
        *best = (*best).min(line[2] as u32);
    }
    let mut times: Vec<Option<u64>> = vec![None; n];
    let (mut done, mut farthest, mut missing) = (vec![false; n], 0, n);
    times[0] = Some(0);
    while let Some((time, next)) = (0..n).filter(|&i| !done[i]).filter_map(|i| Some((times[i]?, i))).min() {
        done[next] = true;
        farthest = time;
        missing -= 1;
        for (to, &minutes) in takes[next * n..][..n].iter().enumerate() {
            if minutes < u32::MAX {
                let by_here = time + u64::from(minutes);
                times[to] = Some(times[to].map_or(by_here, |known| known.min(by_here)));
            }
        }
    }
    println!("{farthest} {missing}");
}
