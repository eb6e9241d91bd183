pub fn two_sum(numbers: &[i32], target: i32) -> [usize; 2] {
    [0, 0]
}
