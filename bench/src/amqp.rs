//! Bare AMQP: the peers of what Herald does with RabbitMQ, with nothing of Herald's in between.

use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use herald_domain::money::Service;
use lapin::options::{
    BasicConsumeOptions, BasicPublishOptions, ConfirmSelectOptions, ExchangeDeclareOptions, ExchangeDeleteOptions,
    QueueBindOptions, QueueDeclareOptions, QueueDeleteOptions, QueuePurgeOptions,
};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::uri::AMQPUri;
use lapin::{BasicProperties, Channel, Confirmation, Connection, ConnectionProperties, Consumer, ExchangeKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// No round trip takes this long unless something is broken.
const PATIENCE: Duration = Duration::from_secs(10);
const TRANSIENT: u8 = 1;
const PERSISTENT: u8 = 2;
/// Messages that wait for their confirms.
const IN_FLIGHT: usize = 1_000;
const KEY: &str = "key";

/// Publisher → direct exchange → exclusive classic queue named by the server → consumer without acks, each on a connection of its
/// own, as a worker and a notifier have theirs.
pub struct RoundTrip {
    _connections: [Connection; 2],
    publisher: Channel,
    consumer: Consumer,
    exchange: ShortString,
}

impl RoundTrip {
    pub async fn connect(url: &str) -> anyhow::Result<Self> {
        let connections = [connect(url).await?, connect(url).await?];
        let publisher = connections[0].create_channel().await?;
        let reader = connections[1].create_channel().await?;
        let exchange: ShortString = format!("bench.round_trip.{}", uuid::Uuid::now_v7()).into();
        let transient = ExchangeDeclareOptions { auto_delete: true, ..Default::default() };
        publisher.exchange_declare(exchange.clone(), ExchangeKind::Direct, transient, FieldTable::default()).await?;
        let queue = reader.queue_declare("".into(), QueueDeclareOptions::exclusive(), FieldTable::default()).await?;
        let queue = queue.name().clone();
        let bind = QueueBindOptions::default();
        reader.queue_bind(queue.clone(), exchange.clone(), KEY.into(), bind, FieldTable::default()).await?;
        let options = BasicConsumeOptions { no_ack: true, exclusive: true, ..Default::default() };
        let consumer = reader.basic_consume(queue, "".into(), options, FieldTable::default()).await?;
        Ok(Self { _connections: connections, publisher, consumer, exchange })
    }

    /// From the publish to the delivery of one transient message.
    pub async fn once(&mut self, body: &[u8]) -> anyhow::Result<Duration> {
        let properties = BasicProperties::default().with_delivery_mode(TRANSIENT);
        let options = BasicPublishOptions::default();
        let began = Instant::now();
        self.publisher.basic_publish(self.exchange.clone(), KEY.into(), options, body, properties).await?;
        let delivery = tokio::time::timeout(PATIENCE, self.consumer.next()).await.context("a bare message got lost")?;
        delivery.context("the bare consumer ended")??;
        Ok(began.elapsed())
    }
}

/// Publishes so many messages of so many bytes, persistent and mandatory, to a quorum queue of its own, with 1,000 waiting for
/// their confirms; messages per second until the last confirm.
pub async fn publish_to_quorum_queue(url: &str, messages: usize, bytes: usize) -> anyhow::Result<f64> {
    let connection = connect(url).await?;
    let channel = connection.create_channel().await?;
    let (exchange, queue) = quorum_queue(&channel).await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    let body = vec![b'x'; bytes];
    let began = Instant::now();
    let mut in_flight = FuturesUnordered::new();
    for _ in 0..messages {
        if in_flight.len() == IN_FLIGHT {
            check(in_flight.next().await)?;
        }
        let properties = BasicProperties::default().with_delivery_mode(PERSISTENT);
        let options = BasicPublishOptions { mandatory: true, ..Default::default() };
        in_flight.push(channel.basic_publish(exchange.clone(), KEY.into(), options, &body, properties).await?);
    }
    while !in_flight.is_empty() {
        check(in_flight.next().await)?;
    }
    let rate = messages as f64 / began.elapsed().as_secs_f64();
    channel.queue_delete(queue, QueueDeleteOptions::default()).await?;
    channel.exchange_delete(exchange, ExchangeDeleteOptions::default()).await?;
    connection.close(200, "done".into()).await?;
    Ok(rate)
}

async fn quorum_queue(channel: &Channel) -> anyhow::Result<(ShortString, ShortString)> {
    let name: ShortString = format!("bench.publish.{}", uuid::Uuid::now_v7()).into();
    let durable = ExchangeDeclareOptions { durable: true, ..Default::default() };
    channel.exchange_declare(name.clone(), ExchangeKind::Direct, durable, FieldTable::default()).await?;
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
    channel.queue_declare(name.clone(), QueueDeclareOptions::durable(), arguments).await?;
    let bind = QueueBindOptions::default();
    channel.queue_bind(name.clone(), name.clone(), KEY.into(), bind, FieldTable::default()).await?;
    Ok((name.clone(), name))
}

fn check(confirmed: Option<lapin::Result<Confirmation>>) -> anyhow::Result<()> {
    match confirmed {
        None | Some(Ok(Confirmation::Ack(None))) => Ok(()),
        Some(Ok(other)) => Err(anyhow!("a bare message was not taken: {other:?}")),
        Some(Err(error)) => Err(error.into()),
    }
}

/// Empties a queue.
pub async fn purge(url: &str, queue: &str) -> anyhow::Result<()> {
    let connection = connect(url).await?;
    let channel = connection.create_channel().await?;
    channel.queue_purge(queue.into(), QueuePurgeOptions::default()).await?;
    connection.close(200, "done".into()).await?;
    Ok(())
}

/// Empties the queues of all services.
pub async fn purge_services(url: &str, prefix: &str) -> anyhow::Result<()> {
    for service in Service::ALL {
        purge(url, &format!("{prefix}.service.{service}")).await?;
    }
    Ok(())
}

/// Deletes queues and exchanges that a broker handle with this prefix has declared.
pub async fn remove(url: &str, prefix: &str) -> anyhow::Result<()> {
    let connection = connect(url).await?;
    let channel = connection.create_channel().await?;
    let services = Service::ALL.iter().map(|service| format!("service.{service}"));
    for queue in services.chain(["work.judge.any".to_owned(), "dead".to_owned()]) {
        channel.queue_delete(format!("{prefix}.{queue}").into(), QueueDeleteOptions::default()).await?;
    }
    for exchange in ["work", "transfers", "dead", "push"] {
        channel.exchange_delete(format!("{prefix}.{exchange}").into(), ExchangeDeleteOptions::default()).await?;
    }
    connection.close(200, "done".into()).await?;
    Ok(())
}

/// The broker's version, from its greeting (AMQP 0-9-1, connection.start): lapin keeps that to itself.
pub async fn version(url: &str) -> anyhow::Result<String> {
    let uri: AMQPUri = url.parse().map_err(|error| anyhow!("the broker's URL cannot be read: {error}"))?;
    let mut stream = TcpStream::connect((uri.authority.host.as_str(), uri.authority.port)).await?;
    stream.write_all(b"AMQP\x00\x00\x09\x01").await?;
    let mut greeting = vec![0; 4096];
    let length = tokio::time::timeout(PATIENCE, stream.read(&mut greeting)).await??;
    Ok(version_in(&greeting[..length]).unwrap_or_else(|| "of an unknown version".to_owned()))
}

/// A long string's field: name, `S`, four bytes of length, text.
fn version_in(greeting: &[u8]) -> Option<String> {
    let field = b"version";
    let at =
        greeting.windows(field.len() + 1).position(|window| window.starts_with(field) && window.ends_with(b"S"))?;
    let rest = &greeting[at + field.len() + 1..];
    let length = u32::from_be_bytes(rest.get(..4)?.try_into().ok()?) as usize;
    String::from_utf8(rest.get(4..4 + length)?.to_vec()).ok()
}

async fn connect(url: &str) -> anyhow::Result<Connection> {
    Connection::connect(url, ConnectionProperties::default().with_connection_name("herald-bench".into()))
        .await
        .context("the broker cannot be reached")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_found_in_a_greeting() {
        let greeting = b"\x07productS\x00\x00\x00\x08RabbitMQ\x07versionS\x00\x00\x00\x063.10.8\x00";
        assert_eq!(version_in(greeting).as_deref(), Some("3.10.8"));
        assert_eq!(version_in(b"versionS\x00\x00\x00\xff1"), None);
    }
}
