//! The server as a client sees it, and what it leaves in the folder.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use herald_mail_catcher::{Folder, serve};

/// A server in front of a folder, and a client that has been greeted.
async fn client(folder: &Path) -> Client {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, Arc::new(Folder::open(folder).unwrap())));
    let mut client = Client(BufReader::new(TcpStream::connect(address).unwrap()));
    assert!(client.answer().starts_with("220 "));
    client
}

struct Client(BufReader<TcpStream>);

impl Client {
    fn send(&mut self, text: &str) {
        self.0.get_mut().write_all(text.as_bytes()).unwrap();
    }

    /// The last line of an answer.
    fn answer(&mut self) -> String {
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).unwrap();
            if line.as_bytes().get(3) != Some(&b'-') {
                return line;
            }
        }
    }

    /// The code that a command is answered with.
    fn ask(&mut self, command: &str) -> String {
        self.send(&format!("{command}\r\n"));
        self.answer().chars().take(3).collect()
    }
}

fn mails(folder: &Path) -> Vec<String> {
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_becomes_a_file_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut client = client(folder.path()).await;
    assert_eq!(client.ask("EHLO here"), "250");
    assert_eq!(client.ask("mail from:<herald@localhost> SIZE=100"), "250");
    assert_eq!(client.ask("RCPT TO:<alice@localhost>"), "250");
    assert_eq!(client.ask("DATA"), "354");
    assert_eq!(client.ask("Subject: dots\r\n\r\n..\r\n..two\r\nend\r\n."), "250");
    assert_eq!(client.ask("QUIT"), "221");
    let expected =
        "Return-Path: <herald@localhost>\r\nX-Recipient: alice@localhost\r\nSubject: dots\r\n\r\n.\r\n.two\r\nend\r\n";
    assert_eq!(mails(folder.path()), [expected]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_out_of_order_or_too_large_is_refused_and_the_talk_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut client = client(folder.path()).await;
    for (command, code) in [("DATA", "503"), ("RCPT TO:<a@b>", "503"), ("MAIL FROM:a@b", "501"), ("EXPN all", "502")] {
        assert_eq!(client.ask(command), code, "{command}");
    }
    client.ask("MAIL FROM:<>");
    client.ask("RCPT TO:<alice@localhost>");
    client.ask("DATA");
    for _ in 0..1_100 {
        client.send(&format!("{}\r\n", "x".repeat(1_000)));
    }
    assert_eq!(client.ask("."), "552");
    assert_eq!(mails(folder.path()), Vec::<String>::new());
    for command in ["MAIL FROM:<>", "RCPT TO:<alice@localhost>"] {
        assert_eq!(client.ask(command), "250", "{command}");
    }
    assert_eq!((client.ask("DATA"), client.ask(".")), ("354".to_owned(), "250".to_owned()));
    assert_eq!(mails(folder.path()).len(), 1);
}

/// Nobody's mail is read for ever.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_goes_on_after_the_limit_is_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let mut client = client(folder.path()).await;
    for command in ["MAIL FROM:<>", "RCPT TO:<alice@localhost>", "DATA"] {
        client.ask(command);
    }
    let line = format!("{}\r\n", "x".repeat(1_000));
    let sent = (0..20_000).take_while(|_| client.0.get_mut().write_all(line.as_bytes()).is_ok()).count();
    assert!(sent < 20_000, "20 MB were taken");
    assert_eq!(mails(folder.path()), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_kept_is_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    let mut client = client(folder.path()).await;
    std::fs::remove_dir_all(folder.path()).unwrap();
    for command in ["MAIL FROM:<>", "RCPT TO:<alice@localhost>"] {
        client.ask(command);
    }
    client.ask("DATA");
    assert_eq!(client.ask("."), "451");
}
