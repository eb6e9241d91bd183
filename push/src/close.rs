//! How a socket is closed, and what the client is to do about it. The table of docs/asyncapi.yaml and of the notifier's
//! documentation says the same.

use serde_json::json;

/// Why the server closes a socket. Codes from 4000 are Herald's own (RFC 6455, 7.4.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Close {
    /// 1000: the client said goodbye first.
    Done,
    /// 1001: this server stops. Reconnect with `after` = the last cursor, after so many milliseconds.
    GoingAway { reconnect_in_ms: u64 },
    /// 1002: not WebSocket as RFC 6455 has it. Do not reconnect before the client is mended.
    Protocol,
    /// 1003: a binary message; all messages are JSON text. Do not reconnect before the client is mended.
    Binary,
    /// 1007: a text message that is not UTF-8. Do not reconnect before the client is mended.
    NotUtf8,
    /// 1008: too many messages that were answered by errors. Do not reconnect before the client is mended.
    Policy,
    /// 1009: a message larger than 16 KiB. Do not reconnect before the client is mended.
    TooBig,
    /// 4000: reconnect with `after` = the last cursor.
    Resume(Because, u64),
    /// 4001: the key that the ticket was made with was revoked. Do not reconnect with this ticket; ask for a new one.
    TicketRevoked,
}

/// Why a client is told to resume.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Because {
    /// It read more slowly than events came.
    Slow,
    /// The socket has lived its hour.
    Lifetime,
    /// Its pings were not answered.
    NoPong,
    /// Events could not be read back.
    Gap,
    /// The store was restored: the resume will start from a snapshot.
    Epoch,
}

impl Because {
    fn as_str(self) -> &'static str {
        match self {
            Self::Slow => "slow",
            Self::Lifetime => "lifetime",
            Self::NoPong => "no_pong",
            Self::Gap => "gap",
            Self::Epoch => "epoch",
        }
    }
}

impl Close {
    pub fn code(self) -> u16 {
        match self {
            Self::Done => 1000,
            Self::GoingAway { .. } => 1001,
            Self::Protocol => 1002,
            Self::Binary => 1003,
            Self::NotUtf8 => 1007,
            Self::Policy => 1008,
            Self::TooBig => 1009,
            Self::Resume(..) => 4000,
            Self::TicketRevoked => 4001,
        }
    }

    /// The code as a metric's label.
    pub fn label(self) -> &'static str {
        match self {
            Self::Done => "1000",
            Self::GoingAway { .. } => "1001",
            Self::Protocol => "1002",
            Self::Binary => "1003",
            Self::NotUtf8 => "1007",
            Self::Policy => "1008",
            Self::TooBig => "1009",
            Self::Resume(..) => "4000",
            Self::TicketRevoked => "4001",
        }
    }

    /// At most 123 bytes (RFC 6455, 5.5); JSON where the client needs a number from it.
    pub fn reason(self) -> String {
        match self {
            Self::Done => String::new(),
            Self::GoingAway { reconnect_in_ms } => json!({"reconnect_in_ms": reconnect_in_ms}).to_string(),
            Self::Protocol => "not a WebSocket frame as RFC 6455 has it".into(),
            Self::Binary => "send text; every message is JSON".into(),
            Self::NotUtf8 => "a text message must be UTF-8".into(),
            Self::Policy => "too many messages in error; read the error frames".into(),
            Self::TooBig => "a message has at most 16384 bytes".into(),
            Self::Resume(because, reconnect_in_ms) => {
                json!({"reason": because.as_str(), "reconnect_in_ms": reconnect_in_ms}).to_string()
            }
            Self::TicketRevoked => "the ticket's key was revoked; ask for a new ticket with another key".into(),
        }
    }
}
