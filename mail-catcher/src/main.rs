//! `herald-mail-catcher`: takes mails and writes each to a file, for stacks that are to show what would be sent.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use herald_mail_catcher::{Folder, serve};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// A mail server that sends nothing on: each mail that it is given becomes a file.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Address to listen at; anybody who reaches it can leave mail
    #[arg(long, default_value = "127.0.0.1:2525", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Folder for the mails
    #[arg(long, default_value = "mail", value_name = "DIR")]
    folder: PathBuf,
    /// Only ask whether one is listening there; exit 1 if not
    #[arg(long)]
    check: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = if arguments.check { check(arguments.listen) } else { run(&arguments) };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn check(address: SocketAddr) -> Result<(), String> {
    let greeted = || {
        let stream = TcpStream::connect_timeout(&address, Duration::from_secs(3))?;
        stream.set_read_timeout(Some(Duration::from_secs(3)))?;
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line)?;
        Ok(line)
    };
    match greeted() {
        Ok(line) if line.starts_with("220 ") => Ok(()),
        Ok(line) => Err(format!("what listens at {address} is no mail server: {line:?}")),
        Err(error) => Err(std::io::Error::to_string(&error)),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn run(arguments: &Arguments) -> Result<(), String> {
    let folder = Folder::open(&arguments.folder);
    let folder = folder.map_err(|error| format!("--folder {}: {error}", arguments.folder.display()))?;
    let listener = TcpListener::bind(arguments.listen).await;
    let listener = listener.map_err(|error| format!("--listen {}: {error}", arguments.listen))?;
    let mut terminated = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
    let mut interrupted = signal(SignalKind::interrupt()).map_err(|error| error.to_string())?;
    println!("listening at {}, mails go to {}", arguments.listen, arguments.folder.display());
    tokio::select! {
        error = serve(listener, Arc::new(folder)) => Err(error.to_string()),
        _ = terminated.recv() => Ok(()),
        _ = interrupted.recv() => Ok(()),
    }
}
