//! From both ends of the sorted numbers.

pub fn two_sum(numbers: &[i32], target: i32) -> [usize; 2] {
    let mut places: Vec<usize> = (0..numbers.len()).collect();
    places.sort_by_key(|&place| numbers[place]);
    let (mut low, mut high) = (0, places.len() - 1);
    loop {
        let (i, j) = (places[low], places[high]);
        match (i64::from(numbers[i]) + i64::from(numbers[j])).cmp(&i64::from(target)) {
            std::cmp::Ordering::Less => low += 1,
            std::cmp::Ordering::Greater => high -= 1,
            std::cmp::Ordering::Equal => return [i.min(j), i.max(j)],
        }
    }
}
