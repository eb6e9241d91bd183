//! Messages as they travel: bodies are JSON with `"v": 1`, the message id and `traceparent` are properties.

use herald_domain::broker::{TransferMessage, WorkMessage};
use herald_domain::id::MessageId;
use herald_domain::owner::Partition;
use lapin::BasicProperties;
use lapin::message::Delivery;
use lapin::types::{AMQPValue, FieldTable, LongString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::topology::partition_key;

const VERSION: u8 = 1;
const PERSISTENT: u8 = 2;
const TRANSIENT: u8 = 1;
const JSON: &str = "application/json";
const TRACEPARENT: &str = "traceparent";

/// Properties and body of a wake-up for workers.
pub(crate) fn encode_work(message: &WorkMessage) -> (BasicProperties, Vec<u8>) {
    encode(message, message.id, message.traceparent.as_deref())
}

/// Reads a wake-up for workers. Unknown fields are ignored; an unknown version cannot be understood. A bad id or trace context
/// costs only itself.
pub(crate) fn decode_work(delivery: &Delivery) -> Result<WorkMessage, serde_json::Error> {
    let message = decode(delivery)?;
    Ok(WorkMessage { id: message_id(delivery), traceparent: traceparent(delivery), ..message })
}

/// As for workers, a step of a transfer for services.
pub(crate) fn encode_transfer(message: &TransferMessage) -> (BasicProperties, Vec<u8>) {
    encode(message, message.id, message.traceparent.as_deref())
}

pub(crate) fn decode_transfer(delivery: &Delivery) -> Result<TransferMessage, serde_json::Error> {
    let message: TransferMessage = decode(delivery)?;
    Ok(TransferMessage { id: message_id(delivery), traceparent: traceparent(delivery), ..message })
}

fn encode(message: &impl Serialize, id: Option<MessageId>, traceparent: Option<&str>) -> (BasicProperties, Vec<u8>) {
    let mut properties = BasicProperties::default().with_content_type(JSON.into()).with_delivery_mode(PERSISTENT);
    if let Some(id) = id {
        properties = properties.with_message_id(id.to_string().into());
    }
    if let Some(traceparent) = traceparent {
        let mut headers = FieldTable::default();
        headers.insert(TRACEPARENT.into(), AMQPValue::LongString(traceparent.into()));
        properties = properties.with_headers(headers);
    }
    // A struct of ids and strings always serialises.
    (properties, serde_json::to_vec(&Versioned { v: VERSION, message }).unwrap_or_default())
}

fn decode<M: DeserializeOwned>(delivery: &Delivery) -> Result<M, serde_json::Error> {
    let Versioned { v, message } = serde_json::from_slice(&delivery.data)?;
    if v != VERSION {
        return Err(serde::de::Error::custom(format!("unknown message version {v}")));
    }
    Ok(message)
}

#[derive(Serialize, Deserialize)]
struct Versioned<M> {
    v: u8,
    #[serde(flatten)]
    message: M,
}

fn message_id(delivery: &Delivery) -> Option<MessageId> {
    delivery.properties.message_id().as_ref().and_then(|id| id.as_str().parse().ok().map(MessageId))
}

fn traceparent(delivery: &Delivery) -> Option<String> {
    header(delivery, TRACEPARENT).map(LongString::to_string)
}

/// The queue from which the broker moved a message to the dead queue.
pub(crate) fn fell_from(delivery: &Delivery) -> Option<String> {
    death(delivery, "queue")
}

/// Whether the broker moved it there only because its queue was full.
pub(crate) fn fell_for_want_of_room(delivery: &Delivery) -> bool {
    death(delivery, "reason").as_deref() == Some("maxlen")
}

/// From the newest entry of `x-death`.
fn death(delivery: &Delivery, field: &str) -> Option<String> {
    let headers = delivery.properties.headers().as_ref()?;
    let AMQPValue::FieldArray(deaths) = headers.inner().get("x-death")? else { return None };
    let AMQPValue::FieldTable(newest) = deaths.as_slice().first()? else { return None };
    match newest.inner().get(field)? {
        AMQPValue::LongString(text) => Some(text.to_string()),
        _ => None,
    }
}

/// The first partition is the routing key; the others travel in `CC`, so that the broker copies the message once to each queue.
pub(crate) fn live_properties(others: &[Partition]) -> BasicProperties {
    let properties = BasicProperties::default().with_content_type(JSON.into()).with_delivery_mode(TRANSIENT);
    if others.is_empty() {
        return properties;
    }
    let keys: Vec<_> = others.iter().map(|&p| AMQPValue::LongString(partition_key(p).as_str().into())).collect();
    let mut headers = FieldTable::default();
    headers.insert("CC".into(), AMQPValue::FieldArray(keys.into()));
    properties.with_headers(headers)
}

fn header<'a>(delivery: &'a Delivery, name: &str) -> Option<&'a LongString> {
    match delivery.properties.headers().as_ref()?.inner().get(name)? {
        AMQPValue::LongString(value) => Some(value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use herald_domain::id::{SubmissionId, TransferId};
    use herald_domain::money::{TransferKind, TransferState, TransferStep};
    use uuid::Uuid;

    use super::*;

    fn delivery(properties: BasicProperties, body: &[u8]) -> Delivery {
        let mut delivery = Delivery::mock(1, "herald.work".into(), "judge.any".into(), false, body.to_vec());
        delivery.properties = properties;
        delivery
    }

    /// Consumers in other languages read exactly this.
    #[test]
    fn a_wake_up_travels_as_documented() {
        let message = WorkMessage {
            id: Some(MessageId(Uuid::from_u128(1))),
            submission: SubmissionId(Uuid::from_u128(2)),
            class: "any".to_owned(),
            traceparent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned()),
        };
        let (properties, body) = encode_work(&message);
        let expected = r#"{"v":1,"submission":"00000000-0000-0000-0000-000000000002","class":"any"}"#;
        assert_eq!(String::from_utf8_lossy(&body), expected);
        assert_eq!(properties.content_type().as_ref().map(|text| text.as_str()), Some("application/json"));
        assert_eq!(*properties.delivery_mode(), Some(PERSISTENT));
        assert_eq!(decode_work(&delivery(properties, &body)).unwrap(), message);
    }

    #[test]
    fn a_step_of_a_transfer_travels_as_documented() {
        let message = TransferMessage {
            id: Some(MessageId(Uuid::from_u128(1))),
            step: TransferStep {
                transfer: TransferId(Uuid::from_u128(2)),
                kind: TransferKind::Payment,
                state: TransferState::PartlyRefunded,
            },
            traceparent: None,
        };
        let (properties, body) = encode_transfer(&message);
        let id = "00000000-0000-0000-0000-000000000002";
        let expected = format!(r#"{{"v":1,"transfer":"{id}","kind":"payment","state":"partly_refunded"}}"#);
        assert_eq!(String::from_utf8_lossy(&body), expected);
        assert!(properties.headers().is_none(), "no trace context, no header");
        assert_eq!(decode_transfer(&delivery(properties, &body)).unwrap(), message);
        let unknown = expected.replace("payment", "raffle");
        assert!(decode_transfer(&delivery(BasicProperties::default(), unknown.as_bytes())).is_err());
    }

    #[test]
    fn fields_of_a_later_version_are_ignored_and_a_breaking_version_is_not_guessed_at() {
        let newer = br#"{"v":1,"submission":"00000000-0000-0000-0000-000000000002","class":"any","more":[1]}"#;
        let message = decode_work(&delivery(BasicProperties::default(), newer)).unwrap();
        assert_eq!((message.id, message.traceparent), (None, None));
        let breaking = br#"{"v":2,"submission":"00000000-0000-0000-0000-000000000002","class":"any"}"#;
        assert!(decode_work(&delivery(BasicProperties::default(), breaking)).is_err());
        let bad_id = BasicProperties::default().with_message_id("not-a-uuid".into());
        assert_eq!(decode_work(&delivery(bad_id, newer)).unwrap().id, None);
    }
}
