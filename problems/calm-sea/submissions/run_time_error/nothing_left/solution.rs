use std::collections::VecDeque;

/// Throws everything away when it gets rough, and then looks at the first of nothing.
pub fn longest_calm(heights: &[i32], limit: i32) -> usize {
    let (mut window, mut best) = (VecDeque::new(), 0);
    for &height in heights {
        window.push_back(height);
        let spread = window.iter().max().unwrap() - window.iter().min().unwrap();
        if spread > limit {
            window.clear();
        }
        assert!(*window.front().unwrap() - height <= limit);
        best = best.max(window.len());
    }
    best
}
