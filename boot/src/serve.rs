//! Serving HTTP until shutdown, then draining within the grace period.

use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::ConfigError;

/// Connections that may wait to be accepted, as far as the system allows (`net.core.somaxconn`, 4096 on Linux). With the usual
/// 128, a part of those who come back all at once would be turned away for a second.
const BACKLOG: i32 = 4_096;

/// Binds the address; a failure names the setting.
pub async fn bind(address: &str) -> Result<TcpListener, ConfigError> {
    let bound = TcpListener::bind(address).await;
    // Listening once more only widens the queue.
    let listening = bound.and_then(|listener| Ok(rustix::net::listen(&listener, BACKLOG).map(|()| listener)?));
    listening.map_err(|error| {
        let hint = match error.kind() {
            std::io::ErrorKind::AddrInUse => "something else listens there; choose another address",
            std::io::ErrorKind::PermissionDenied => "not allowed; choose a port above 1023",
            _ => "an address looks like 127.0.0.1:8080",
        };
        ConfigError::new("HERALD_LISTEN", address, format!("cannot listen ({error}): {hint}"))
    })
}

/// Serves until `shutdown` fires and open requests are done; `false` if they were not within `grace`.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: CancellationToken,
    grace: Duration,
) -> std::io::Result<bool> {
    // A pushed frame goes out at once; else it would wait until the client has acknowledged the one before. If it cannot be
    // set, the connection is gone already.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    let server = axum::serve(listener, router).with_graceful_shutdown(shutdown.clone().cancelled_owned());
    tokio::select! {
        served = server.into_future() => served.map(|()| true),
        () = async { shutdown.cancelled().await; tokio::time::sleep(grace).await } => {
            tracing::error!("requests were still open after the grace period");
            Ok(false)
        }
    }
}
