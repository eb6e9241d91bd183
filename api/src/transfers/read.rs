//! The shape of what is asked for: every fault is noted with its pointer, none stops the reading.

use herald_domain::money::{AccountName, Currency, Hold, Holder, MAX_AMOUNT};

use crate::http::json::{Findings, Node, Pointer};

const MAX_REFERENCE_CHARS: usize = 128;
const MAX_NOTE_BYTES: usize = 512;
const DEFAULT_HOLD_MINUTES: u64 = 7 * 24 * 60;
const MAX_HOLD_MINUTES: u64 = 30 * 24 * 60;

/// A payment as it was asked for; only to be used if nothing was found.
#[derive(Default)]
pub(super) struct Payment {
    pub from: Option<AccountName>,
    pub to: Option<AccountName>,
    pub amount: Option<u64>,
    pub currency: Option<Currency>,
    pub reference: Option<String>,
    pub note: Option<String>,
    pub hold: Option<Hold>,
}

pub(super) fn payment(findings: &mut Findings, body: Node) -> Payment {
    let root = Pointer::root();
    let known = ["from", "to", "amount", "currency", "reference", "note", "hold"];
    let Some(mut fields) = findings.object(&root, body, &known) else { return Payment::default() };
    let account = "the id or handle of an account";
    Payment {
        from: findings.word(&root.field("from"), fields.remove("from"), account),
        to: findings.word(&root.field("to"), fields.remove("to"), account),
        amount: amount(findings, &root, fields.remove("amount")),
        currency: findings.word(&root.field("currency"), fields.remove("currency"), "three letters, such as INR"),
        reference: reference(findings, &root, fields.remove("reference")),
        note: note(findings, &root, fields.remove("note")),
        hold: fields.remove("hold").and_then(|node| hold(findings, &root.field("hold"), node)),
    }
}

/// `amount`, which must be there.
pub(crate) fn amount(findings: &mut Findings, root: &Pointer, node: Option<Node>) -> Option<u64> {
    if node.is_none() {
        findings.add(&root.field("amount"), "missing; it is an integer in minor units");
    }
    amount_if_any(findings, root, node)
}

/// `amount`, in minor units.
pub(super) fn amount_if_any(findings: &mut Findings, root: &Pointer, node: Option<Node>) -> Option<u64> {
    findings.integer(&root.field("amount"), &node?, 1, MAX_AMOUNT)
}

/// `reference`: one line. An empty one counts as absent, as forms send it.
pub(crate) fn reference(findings: &mut Findings, root: &Pointer, node: Option<Node>) -> Option<String> {
    let at = root.field("reference");
    let text = findings.text(&at, node?)?;
    if text.chars().count() > MAX_REFERENCE_CHARS {
        findings.add(&at, format!("must have at most {MAX_REFERENCE_CHARS} characters"));
    } else if text.chars().any(char::is_control) {
        findings.add(&at, "must not contain control characters");
    }
    Some(text).filter(|text| !text.is_empty())
}

/// `note`; an empty one counts as absent.
pub(super) fn note(findings: &mut Findings, root: &Pointer, node: Option<Node>) -> Option<String> {
    let at = root.field("note");
    let text = findings.text(&at, node?)?;
    if text.len() > MAX_NOTE_BYTES {
        findings.add(&at, format!("must have at most {MAX_NOTE_BYTES} bytes"));
    }
    Some(text).filter(|text| !text.is_empty())
}

/// `true`, or for how many minutes.
fn hold(findings: &mut Findings, at: &Pointer, node: Node) -> Option<Hold> {
    let minutes = match node {
        Node::Bool(false) => return None,
        Node::Bool(true) => DEFAULT_HOLD_MINUTES,
        Node::Map(_) => {
            let mut fields = findings.object(at, node, &["minutes"])?;
            match fields.remove("minutes") {
                None => DEFAULT_HOLD_MINUTES,
                Some(node) => findings.integer(&at.field("minutes"), &node, 1, MAX_HOLD_MINUTES)?,
            }
        }
        other => {
            findings.add(at, format!("must be true or {{\"minutes\": N}}, not {}", other.kind()));
            return None;
        }
    };
    Some(Hold { by: Holder::Payer, for_ms: minutes * 60_000 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(more: Value) -> (Payment, Vec<String>) {
        let mut body = json!({"from": "alice", "to": "bob", "amount": 1, "currency": "INR"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let mut findings = Findings::default();
        let payment = payment(&mut findings, Node::parse(&body.to_string()).unwrap());
        let faults = findings.finish().err().map(|error| error.errors().to_vec()).unwrap_or_default();
        (payment, faults.into_iter().map(|fault| fault.pointer).collect())
    }

    #[test]
    fn a_hold_is_true_or_so_many_minutes() {
        let held = |hold: Value| read(json!({"hold": hold})).0.hold.map(|hold| hold.for_ms / 60_000);
        assert_eq!(held(json!(true)), Some(10_080));
        assert_eq!(held(json!({"minutes": 5})), Some(5));
        assert_eq!((held(json!(false)), held(json!(null))), (None, None));
        for (bad, pointer) in [
            (json!(5), "/hold"),
            (json!("true"), "/hold"),
            (json!({"minutes": 0}), "/hold/minutes"),
            (json!({"minutes": 43_201}), "/hold/minutes"),
            (json!({"minutes": 1.5}), "/hold/minutes"),
            (json!({"hours": 1}), "/hold/hours"),
        ] {
            assert_eq!(read(json!({"hold": bad})).1, [pointer], "{bad}");
        }
    }

    #[test]
    fn an_amount_is_a_whole_number_of_minor_units_and_texts_have_their_bounds() {
        for bad in
            [json!(0), json!(-1), json!(1.5), json!(1.0), json!("1"), json!(9_007_199_254_740_993_u64), json!(1e300)]
        {
            assert_eq!(read(json!({"amount": bad})).1, ["/amount"], "{bad}");
        }
        assert_eq!(read(json!({"amount": 9_007_199_254_740_992_u64})).0.amount, Some(MAX_AMOUNT));
        assert_eq!(read(json!({"amount": null})).1, ["/amount"]);
        let long = |n: usize| "é".repeat(n);
        assert_eq!(read(json!({"reference": long(128), "note": long(256)})).1, [""; 0]);
        assert_eq!(read(json!({"reference": long(129), "note": long(257)})).1, ["/reference", "/note"]);
        assert_eq!(read(json!({"reference": "a\nb", "note": "a\nb"})).1, ["/reference"]);
        assert_eq!(read(json!({"reference": "", "note": ""})).0.reference, None);
    }
}
