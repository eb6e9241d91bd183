use herald_domain::id::TransferId;
use uuid::Uuid;

use super::*;
use crate::sample::payment;

fn letters() -> Letters {
    Letters::new("localhost", None).unwrap()
}

fn written(transfer: &Transfer) -> Vec<(Party, String)> {
    let all = letters().about(transfer).unwrap();
    all.iter().map(|letter| (letter.party, String::from_utf8(letter.message.formatted()).unwrap())).collect()
}

fn subjects(transfer: &Transfer) -> Vec<String> {
    let subject = |text: &str| text.lines().find_map(|line| line.strip_prefix("Subject: ")).unwrap().to_owned();
    written(transfer).iter().map(|(_, text)| subject(text)).collect()
}

#[test]
fn payer_and_payee_of_a_payment_are_told_what_it_was() {
    let all = written(&payment());
    let [(Party::Payer, to_payer), (Party::Payee, to_payee)] = &all[..] else { panic!("{all:?}") };
    for line in [
        "Message-ID: <019590d4-2a00-7abc-8def-0123456789ab.payer@localhost>",
        "Date: Sun, 01 Mar 2026 12:00:00 +0000",
        "From: Herald <herald@localhost>",
        "To: alice@localhost",
        "Subject: You paid 12.50 INR to shop",
        "You paid 12.50 INR to shop.",
        "Transfer:  019590d4-2a00-7abc-8def-0123456789ab",
        "Reference: order-7",
        "Note:      two teas",
    ] {
        assert!(to_payer.lines().any(|found| found == line), "no '{line}' in\n{to_payer}");
    }
    for line in ["To: bob@localhost", "You received 12.50 INR from alice."] {
        assert!(to_payee.lines().any(|found| found == line), "no '{line}' in\n{to_payee}");
    }
    assert_eq!(written(&payment()), all, "the same again");
}

#[test]
fn every_kind_and_every_end_has_its_words() {
    let of = |kind, state| {
        let reason = (state == TransferState::Failed).then(|| "fraud_score".to_owned());
        subjects(&Transfer { kind, state, reason, posted: 1_000, ..payment() })
    };
    for (kind, expected) in [
        (TransferKind::Payment, ["You paid 10.00 INR to shop", "You received 10.00 INR from alice"]),
        (TransferKind::Refund, ["You refunded 10.00 INR to shop", "You were refunded 10.00 INR from alice"]),
        (
            TransferKind::Reward,
            ["You granted a reward of 10.00 INR to shop", "You earned a reward of 10.00 INR from alice"],
        ),
    ] {
        for state in [TransferState::Completed, TransferState::PartlyRefunded, TransferState::Refunded] {
            assert_eq!(of(kind, state), expected);
        }
    }
    for (state, expected) in [
        (TransferState::Failed, "A payment of 12.50 INR was refused"),
        (TransferState::Voided, "A hold of 12.50 INR was given up"),
        (TransferState::Expired, "A hold of 12.50 INR has expired"),
    ] {
        assert_eq!(of(TransferKind::Payment, state), [expected; 2]);
    }
}

#[test]
fn where_nothing_is_to_be_said_nobody_is_written_to() {
    let reason = |transfer: &Transfer| letters().about(transfer).map(|all| all.len()).unwrap_err();
    let pending = Transfer { state: TransferState::Pending, settled_at: None, ..payment() };
    assert_eq!(reason(&pending), "not_settled");
    let odd = |user: &str| Owner::user(user).unwrap();
    let nowhere = Transfer { payer: odd("a@b@c"), payee: odd("a..b"), ..payment() };
    assert_eq!(reason(&nowhere), "no_address");
    assert_eq!(written(&Transfer { payer: odd("a@"), ..payment() }).len(), 1, "the other has an address");
    assert_eq!(written(&Transfer { payee: odd("alice"), ..payment() }).len(), 1, "to oneself");
}

#[test]
fn a_user_whose_name_is_an_address_is_written_to_there() {
    let transfer = Transfer { payee: Owner::user("bob@shop.example").unwrap(), ..payment() };
    let to_payee = written(&transfer).remove(1).1;
    assert!(to_payee.contains("\r\nTo: bob@shop.example\r\n"), "{to_payee}");
    let elsewhere = Letters::new("mail.example", Some("Shop <pay@shop.example>")).unwrap();
    let text = String::from_utf8(elsewhere.about(&payment()).unwrap()[0].message.formatted()).unwrap();
    assert!(
        text.contains("To: alice@mail.example\r\n") && text.contains("From: Shop <pay@shop.example>\r\n"),
        "{text}"
    );
    assert!(matches!(Letters::new("no domain", None), Err(BadMail::Domain(_))));
    assert!(matches!(Letters::new("localhost", Some("nobody")), Err(BadMail::From(_))));
}

#[test]
fn the_server_itself_is_told_nothing() {
    let from_herald = Transfer { payer: Owner::herald(), from_handle: "funding.inr".parse().unwrap(), ..payment() };
    let funding = Transfer { kind: TransferKind::Funding, ..from_herald.clone() };
    assert_eq!(subjects(&funding), ["Your account was funded with 12.50 INR from funding.inr"]);
    let reward = Transfer { kind: TransferKind::Reward, ..from_herald };
    assert_eq!(subjects(&reward), ["You earned a reward of 12.50 INR from funding.inr"]);
    let inside = Transfer { payee: Owner::herald(), ..reward };
    assert_eq!(letters().about(&inside).map(|all| all.len()), Err("no_address"));
}

/// Whatever stands in a note, it stays in the body.
#[test]
fn a_note_makes_no_headers() {
    let note = Some("x\r\nBcc: eve@example.com\r\n\r\n.\r\nरुपये ₹".to_owned());
    let transfer = Transfer { note, id: TransferId(Uuid::from_u128(9)), ..payment() };
    for (_, text) in written(&transfer) {
        let head = text.split("\r\n\r\n").next().unwrap();
        assert!(!head.contains("Bcc") && !head.contains("eve"), "{head}");
    }
}
