//! A table of places by number, with none for numbers below zero.

pub fn two_sum(numbers: &[i32], target: i32) -> [usize; 2] {
    let mut places = vec![None; 10_000];
    for (j, &number) in numbers.iter().enumerate() {
        let partner = usize::try_from(target - number).expect("a partner that is not below zero");
        if let Some(Some(i)) = places.get(partner) {
            return [*i, j];
        }
        places[number as usize] = Some(j);
    }
    [0, 0]
}
