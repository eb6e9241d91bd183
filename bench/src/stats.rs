//! Medians, percentiles, and the spread of a figure over its rounds.

use serde::Serialize;

/// A figure's rounds, with their median, least and greatest.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Spread {
    pub median: f64,
    pub min: f64,
    pub max: f64,
    pub rounds: Vec<f64>,
}

impl Spread {
    /// Of at least one round.
    pub fn of(rounds: Vec<f64>) -> Self {
        let mut sorted = rounds.clone();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        let median =
            if sorted.len() % 2 == 1 { sorted[middle] } else { f64::midpoint(sorted[middle - 1], sorted[middle]) };
        Self { median, min: sorted[0], max: sorted[sorted.len() - 1], rounds }
    }

    /// Each round of the one divided by the same round of the other.
    pub fn ratio(ours: &[f64], peer: &[f64]) -> Self {
        Self::of(ours.iter().zip(peer).map(|(ours, peer)| ours / peer).collect())
    }
}

/// The smallest sample that at least `percent` of all samples do not exceed (nearest rank); `NaN` without samples.
pub fn percentile(samples: &[f64], percent: f64) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.clamp(1, sorted.len().max(1)) - 1).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_by_nearest_rank() {
        let samples: Vec<f64> = (1..=300).rev().map(f64::from).collect();
        assert_eq!(percentile(&samples, 50.0), 150.0);
        assert_eq!(percentile(&samples, 99.0), 297.0);
        assert_eq!(percentile(&samples, 100.0), 300.0);
        assert_eq!(percentile(&[7.0], 99.0), 7.0);
        assert!(percentile(&[], 50.0).is_nan());
    }

    #[test]
    fn a_ratio_is_taken_within_its_round() {
        let spread = Spread::ratio(&[2.0, 9.0, 4.0], &[1.0, 3.0, 4.0]);
        assert_eq!((spread.median, spread.min, spread.max), (2.0, 1.0, 3.0));
        assert_eq!(Spread::of(vec![4.0, 1.0]).median, 2.5);
    }
}
