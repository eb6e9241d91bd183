//! Who has been reached, as the error of a failed attempt says it: `sent to payer; payee: 451 …`. It is text because people read
//! it; the start is fixed so that the next attempt can.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Party;

const START: &str = "sent to ";

/// The parties whose mails were taken.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(super) struct Progress(Vec<Party>);

impl Progress {
    /// From the detail of an effect; nobody, where it says nothing.
    pub(super) fn read(detail: &RawValue) -> Self {
        #[derive(Deserialize)]
        struct Detail {
            error: String,
        }
        let error = serde_json::from_str::<Detail>(detail.get()).map(|detail| detail.error).unwrap_or_default();
        let names = error.strip_prefix(START).and_then(|rest| rest.split_once("; ")).map_or("", |(names, _)| names);
        Self(names.split(", ").filter_map(|name| name.parse().ok()).collect())
    }

    pub(super) fn reached(&self, party: Party) -> bool {
        self.0.contains(&party)
    }

    pub(super) fn note(&mut self, party: Party) {
        self.0.push(party);
    }

    /// The error with who was reached before it.
    pub(super) fn write(&self, error: &str) -> String {
        if self.0.is_empty() {
            return error.to_owned();
        }
        let names: Vec<_> = self.0.iter().map(|party| party.as_str()).collect();
        format!("{START}{}; {error}", names.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use herald_domain::money::error_detail;

    #[test]
    fn what_an_attempt_leaves_the_next_one_reads() {
        for parties in [vec![], vec![Party::Payer], vec![Party::Payee], vec![Party::Payer, Party::Payee]] {
            let progress = Progress(parties);
            let long = "x; sent to payee; ".repeat(200);
            for error in ["payee: 451 4.3.0 later; really", "the service panicked", "", &long] {
                assert_eq!(Progress::read(&error_detail(&progress.write(error))), progress, "{error:?}");
            }
        }
    }

    #[test]
    fn details_of_anything_else_name_nobody() {
        for detail in
            ["{}", "[]", r#"{"error":7}"#, r#"{"error":"sent to payer"}"#, r#"{"error":"sent to the moon; x"}"#]
        {
            let detail = RawValue::from_string(detail.to_owned()).unwrap();
            assert_eq!(Progress::read(&detail), Progress::default(), "{detail}");
        }
    }
}
