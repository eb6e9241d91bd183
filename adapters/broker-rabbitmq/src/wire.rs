//! Messages as they travel: bodies are JSON with `"v": 1`, the message id and `traceparent` are properties.

use herald_domain::broker::WorkMessage;
use herald_domain::id::MessageId;
use herald_domain::owner::Partition;
use lapin::BasicProperties;
use lapin::message::Delivery;
use lapin::types::{AMQPValue, FieldTable, LongString};
use serde::{Deserialize, Serialize};

use crate::topology::partition_key;

const VERSION: u8 = 1;
const PERSISTENT: u8 = 2;
const TRANSIENT: u8 = 1;
const JSON: &str = "application/json";
const TRACEPARENT: &str = "traceparent";

/// Properties and body of a wake-up.
pub(crate) fn encode_work(message: &WorkMessage) -> (BasicProperties, Vec<u8>) {
    #[derive(Serialize)]
    struct Body<'a> {
        v: u8,
        #[serde(flatten)]
        message: &'a WorkMessage,
    }
    let mut properties = BasicProperties::default().with_content_type(JSON.into()).with_delivery_mode(PERSISTENT);
    if let Some(id) = message.id {
        properties = properties.with_message_id(id.to_string().into());
    }
    if let Some(traceparent) = &message.traceparent {
        let mut headers = FieldTable::default();
        headers.insert(TRACEPARENT.into(), AMQPValue::LongString(traceparent.as_str().into()));
        properties = properties.with_headers(headers);
    }
    // A struct of an id and strings always serialises.
    (properties, serde_json::to_vec(&Body { v: VERSION, message }).unwrap_or_default())
}

/// Reads a wake-up. Unknown fields are ignored; an unknown version cannot be understood. A bad id or trace context costs only
/// itself.
pub(crate) fn decode_work(delivery: &Delivery) -> Result<WorkMessage, serde_json::Error> {
    #[derive(Deserialize)]
    struct Body {
        v: u8,
        #[serde(flatten)]
        message: WorkMessage,
    }
    let Body { v, mut message } = serde_json::from_slice(&delivery.data)?;
    if v != VERSION {
        return Err(serde::de::Error::custom(format!("unknown message version {v}")));
    }
    message.id = delivery.properties.message_id().as_ref().and_then(|id| id.as_str().parse().ok().map(MessageId));
    message.traceparent = header(delivery, TRACEPARENT).map(LongString::to_string);
    Ok(message)
}

/// The queue from which the broker moved a message to the dead queue: the newest entry of `x-death`.
pub(crate) fn fell_from(delivery: &Delivery) -> Option<String> {
    let headers = delivery.properties.headers().as_ref()?;
    let AMQPValue::FieldArray(deaths) = headers.inner().get("x-death")? else { return None };
    let AMQPValue::FieldTable(newest) = deaths.as_slice().first()? else { return None };
    match newest.inner().get("queue")? {
        AMQPValue::LongString(queue) => Some(queue.to_string()),
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
    use herald_domain::id::SubmissionId;
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
