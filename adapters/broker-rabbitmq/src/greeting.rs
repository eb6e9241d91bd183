//! What a broker says of itself before anybody has logged in: product and version of AMQP's `Connection.Start` (AMQP 0-9-1,
//! 1.4.2.1 and 4.2.5), which lapin keeps to itself. Read once, on a connection of its own that is dropped at once.

use std::collections::HashMap;
use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

const HEADER: &[u8] = b"AMQP\0\0\x09\x01";
const METHOD_FRAME: u8 = 1;
/// Class, method and the two version numbers stand before the table.
const BEFORE_THE_TABLE: usize = 6;
const LONGEST: usize = 64 * 1024;

/// Product and version, as in "RabbitMQ 3.10.8".
pub async fn ask(socket: &mut (impl AsyncReadExt + AsyncWriteExt + Unpin)) -> io::Result<String> {
    socket.write_all(HEADER).await?;
    let mut head = [0; 7];
    socket.read_exact(&mut head).await?;
    let [kind, _, _, size @ ..] = head;
    let size = u32::from_be_bytes(size) as usize;
    if kind != METHOD_FRAME || size > LONGEST {
        return Err(io::Error::other("it does not greet as AMQP 0-9-1 does"));
    }
    let mut frame = vec![0; size];
    socket.read_exact(&mut frame).await?;
    let properties = frame.get(BEFORE_THE_TABLE..).and_then(|rest| texts(block(&mut &*rest)?)).unwrap_or_default();
    let get = |name: &str| properties.get(name).map_or("", String::as_str);
    match format!("{} {}", get("product"), get("version")).trim() {
        "" => Err(io::Error::other("it does not say what it is")),
        known => Ok(known.to_owned()),
    }
}

/// The textual values of a table, up to the first value of a type that no greeting has.
fn texts(mut table: &[u8]) -> Option<HashMap<String, String>> {
    let mut found = HashMap::new();
    while let Some((&length, rest)) = table.split_first() {
        let (name, rest) = rest.split_at_checked(length.into())?;
        let (&kind, rest) = rest.split_first()?;
        table = rest;
        match kind {
            b'S' => {
                let text = String::from_utf8_lossy(block(&mut table)?).into_owned();
                found.insert(String::from_utf8_lossy(name).into_owned(), text);
            }
            b'F' => drop(block(&mut table)?),
            b't' => table = table.get(1..)?,
            _ => break,
        }
    }
    Some(found)
}

/// Takes what begins with its own length.
fn block<'a>(from: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = from.split_first_chunk::<4>()?;
    let (taken, rest) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
    *from = rest;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A greeting with this table in it.
    async fn answer(table: &[u8]) -> io::Result<String> {
        let (mut ours, mut theirs) = tokio::io::duplex(4096);
        let mut payload = vec![0, 10, 0, 10, 0, 9];
        payload.extend((table.len() as u32).to_be_bytes());
        payload.extend(table);
        let mut frame = vec![1, 0, 0];
        frame.extend((payload.len() as u32).to_be_bytes());
        frame.extend(payload);
        theirs.write_all(&frame).await.unwrap();
        ask(&mut ours).await
    }

    #[tokio::test]
    async fn product_and_version_are_found_among_tables_and_flags() {
        let table =
            b"\x0ccapabilitiesF\x00\x00\x00\x05\x02abt\x01\x01bt\x01\x07productS\x00\x00\x00\x01R\x07versionS\x00\x00\x00\x033.1";
        assert_eq!(answer(table).await.unwrap(), "R 3.1");
    }

    #[tokio::test]
    async fn half_a_table_says_nothing() {
        assert!(answer(b"\x07productS\x00\x00\x00\x09R").await.is_err());
        assert!(answer(b"").await.is_err());
    }

    #[tokio::test]
    async fn something_else_than_amqp_is_told() {
        let (mut ours, mut theirs) = tokio::io::duplex(64);
        theirs.write_all(b"HTTP/1.1 400 Bad Request").await.unwrap();
        assert!(ask(&mut ours).await.unwrap_err().to_string().contains("AMQP"));
    }
}
