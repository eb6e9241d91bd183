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
