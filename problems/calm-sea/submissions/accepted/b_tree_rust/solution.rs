use std::collections::BTreeSet;

pub fn longest_calm(heights: &[i32], limit: i32) -> usize {
    let (mut window, mut start, mut best) = (BTreeSet::new(), 0, 0);
    for (end, &height) in heights.iter().enumerate() {
        window.insert((height, end));
        while window.last().unwrap().0 - window.first().unwrap().0 > limit {
            window.remove(&(heights[start], start));
            start += 1;
        }
        best = best.max(window.len());
    }
    best
}
