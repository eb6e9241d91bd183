pub fn longest_calm(heights: &[i32], limit: i32) -> usize {
    0
}
