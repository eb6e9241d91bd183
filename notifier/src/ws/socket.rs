//! The bytes of a WebSocket.
//!
//! Frames from the hub are complete WebSocket frames already, shared between all sockets, so they are written straight from
//! there, all that waits in one vectored write and without a copy. What the client sends, and control frames, go through
//! tungstenite, whose buffers stay small because nothing large ever goes through them.
//! Invariant: tungstenite writes only between two of our frames, never within one.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures::{Sink, Stream, StreamExt};
use herald_domain::event::MAX_FRAME_BYTES;
use herald_push::Frame;
use herald_push::close::Close;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

/// An idle socket's largest expense: see docs/BENCHMARKS.md.
const READ_BUFFER: usize = 512;
/// Control frames only.
const WRITE_BUFFER: usize = 1024;
/// Frames that one write takes at most.
const SLICES: usize = 64;

/// What came from the client.
pub(super) enum Heard {
    Text(Utf8Bytes),
    Binary,
    /// A ping or pong.
    Life,
    /// It said goodbye, or something that ends the connection.
    Close(Close),
}

pub(super) struct Socket {
    stream: WebSocketStream<TokioIo<Upgraded>>,
    /// What is to be written, in order.
    out: VecDeque<Frame>,
    /// Bytes of the first of them that have been.
    sent: usize,
    /// A ping is wanted.
    ping: bool,
    /// Tungstenite may have something to write.
    control: bool,
}

impl Socket {
    pub(super) async fn new(upgraded: Upgraded) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(0)
            .max_write_buffer_size(WRITE_BUFFER)
            .max_message_size(Some(MAX_FRAME_BYTES))
            .max_frame_size(Some(MAX_FRAME_BYTES));
        let stream = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
        Self { stream, out: VecDeque::new(), sent: 0, ping: false, control: false }
    }

    /// To be written next, after what waits already.
    pub(super) fn put(&mut self, frame: Frame) {
        self.out.push_back(frame);
    }

    /// To be pinged as soon as no frame is half written.
    pub(super) fn ping(&mut self) {
        self.ping = true;
    }

    /// Writes all that waits; ready when nothing does any more.
    pub(super) fn poll_write_out(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            if self.sent == 0 {
                ready!(self.poll_control(cx))?;
            }
            if self.out.is_empty() {
                // An idle socket keeps no buffer.
                self.out = VecDeque::new();
                return Poll::Ready(Ok(()));
            }
            let written = ready!(self.poll_write_some(cx))?;
            self.advance(written);
        }
    }

    fn poll_control(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if std::mem::take(&mut self.ping) {
            self.control = true;
            Pin::new(&mut self.stream).start_send(Message::Ping(bytes::Bytes::new())).map_err(io::Error::other)?;
        }
        if self.control {
            ready!(Pin::new(&mut self.stream).poll_flush(cx)).map_err(io::Error::other)?;
            self.control = false;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_write_some(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut slices = [IoSlice::new(&[]); SLICES];
        let mut used = 0;
        for (slice, frame) in slices.iter_mut().zip(&self.out) {
            let from = if used == 0 { self.sent } else { 0 };
            *slice = IoSlice::new(&frame.wire()[from..]);
            used += 1;
        }
        let written = ready!(Pin::new(self.stream.get_mut()).poll_write_vectored(cx, &slices[..used]))?;
        Poll::Ready(if written == 0 { Err(io::ErrorKind::WriteZero.into()) } else { Ok(written) })
    }

    fn advance(&mut self, written: usize) {
        self.sent += written;
        while let Some(first) = self.out.front().map(|frame| frame.wire().len())
            && self.sent >= first
        {
            self.sent -= first;
            self.out.pop_front();
        }
    }

    /// The next thing that the client says; `None`: it is gone. Not to be called while a frame is half written.
    pub(super) fn poll_heard(&mut self, cx: &mut Context<'_>) -> Poll<Option<Heard>> {
        let heard = match ready!(Pin::new(&mut self.stream).poll_next(cx)) {
            Some(Ok(Message::Text(text))) => Heard::Text(text),
            Some(Ok(Message::Binary(_))) => Heard::Binary,
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {
                self.control = true;
                Heard::Life
            }
            Some(Ok(Message::Close(_))) => {
                self.control = true;
                Heard::Close(Close::Done)
            }
            Some(Err(Error::Capacity(_))) => Heard::Close(Close::TooBig),
            Some(Err(Error::Utf8(_))) => Heard::Close(Close::NotUtf8),
            Some(Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake))) | None => return Poll::Ready(None),
            Some(Err(Error::Protocol(_))) => Heard::Close(Close::Protocol),
            Some(Err(_)) => return Poll::Ready(None),
        };
        Poll::Ready(Some(heard))
    }

    /// Writes what waits and says goodbye, within `patience`; the code for the metric.
    pub(super) async fn close(&mut self, close: Close, patience: Duration) -> &'static str {
        let goodbye = async {
            std::future::poll_fn(|cx| self.poll_write_out(cx)).await?;
            if close != Close::Done {
                let frame = CloseFrame { code: CloseCode::from(close.code()), reason: close.reason().into() };
                self.stream.close(Some(frame)).await.map_err(io::Error::other)?;
                // The client's answer, or whatever else comes before it hangs up.
                while let Some(Ok(_)) = self.stream.next().await {}
            }
            self.hang_up().await
        };
        // Whether the client could be told or not, that was the reason.
        let _: Result<io::Result<()>, _> = tokio::time::timeout(patience, goodbye).await;
        close.label()
    }

    /// Ends our side and reads the other's to its end: a reset for unread bytes could overtake the goodbye.
    async fn hang_up(&mut self) -> io::Result<()> {
        let io = self.stream.get_mut();
        io.shutdown().await?;
        let mut rest = [0; 512];
        while io.read(&mut rest).await? > 0 {}
        Ok(())
    }
}
