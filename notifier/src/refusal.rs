//! The one place where a refusal becomes HTTP: RFC 9457 problem details with a stable `code`.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use herald_domain::view::ProblemDetails;
use herald_push::SubscribeError;
use herald_push::session::TicketRefusal;
use rand::RngExt;

use crate::connections::NoRoom;

/// Why a connect is not answered by a stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Refusal {
    Origin,
    Ticket(TicketRefusal),
    NoTicket,
    Subscribe(SubscribeError),
    Room(NoRoom),
    /// Too many connects at once.
    Overloaded,
    /// `/ws` without a WebSocket handshake.
    NotAnUpgrade,
    /// A handshake of another version than RFC 6455's.
    Version,
}

impl From<TicketRefusal> for Refusal {
    fn from(refusal: TicketRefusal) -> Self {
        Self::Ticket(refusal)
    }
}

impl From<SubscribeError> for Refusal {
    fn from(error: SubscribeError) -> Self {
        Self::Subscribe(error)
    }
}

impl From<NoRoom> for Refusal {
    fn from(reason: NoRoom) -> Self {
        Self::Room(reason)
    }
}

impl Refusal {
    /// Status, code, title.
    fn parts(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Origin => (StatusCode::FORBIDDEN, "origin_not_allowed", "The origin is not allowed"),
            Self::Ticket(refusal) => (StatusCode::UNAUTHORIZED, refusal.code(), "The ticket opens nothing"),
            Self::NoTicket => (StatusCode::UNAUTHORIZED, "bad_ticket", "The ticket opens nothing"),
            Self::Subscribe(error @ SubscribeError::BadCursor) => {
                (StatusCode::BAD_REQUEST, error.code(), "The cursor is malformed")
            }
            Self::Subscribe(error @ SubscribeError::UnknownChannel) => {
                (StatusCode::NOT_FOUND, error.code(), "There is no such channel")
            }
            Self::Subscribe(error @ SubscribeError::Unavailable) => {
                (StatusCode::SERVICE_UNAVAILABLE, error.code(), "The channel cannot be read now")
            }
            Self::Room(NoRoom::Leaving) => {
                (StatusCode::SERVICE_UNAVAILABLE, "shutting_down", "The server is shutting down")
            }
            Self::Room(NoRoom::Full) => {
                (StatusCode::SERVICE_UNAVAILABLE, "too_many_connections", "There is no room for another connection")
            }
            Self::Room(NoRoom::UserFull) => {
                (StatusCode::TOO_MANY_REQUESTS, "too_many_connections", "There is no room for another connection")
            }
            Self::Overloaded => (StatusCode::SERVICE_UNAVAILABLE, "overloaded", "Too many connects at once"),
            Self::NotAnUpgrade => (StatusCode::UPGRADE_REQUIRED, "upgrade_required", "This is a WebSocket"),
            Self::Version => (StatusCode::UPGRADE_REQUIRED, "upgrade_required", "This is a WebSocket"),
        }
    }

    fn detail(self) -> String {
        match self {
            Self::Origin => "pages of this origin may not connect; the server's operator can list it in \
                 HERALD_ALLOWED_ORIGINS"
                .into(),
            Self::Ticket(refusal) => refusal.to_string(),
            Self::NoTicket => {
                "there is no 'ticket' in the query; use ws_url or events_url as POST /submit returns them, or \
                 ask for a ticket with POST /tickets"
                    .into()
            }
            Self::Subscribe(error) => error.to_string(),
            Self::Room(NoRoom::Leaving) => "try again: another server answers".into(),
            Self::Room(NoRoom::Full) | Self::Overloaded => "try again after the time in Retry-After".into(),
            Self::Room(NoRoom::UserFull) => "close other connections of this user first".into(),
            Self::NotAnUpgrade => "open it with a WebSocket client, or use events_url for Server-Sent Events".into(),
            Self::Version => "the server speaks version 13 (RFC 6455)".into(),
        }
    }

    /// The response; `request` gives it the request's id.
    pub(crate) fn into_response(self, request: &HeaderMap) -> Response {
        let (status, code, title) = self.parts();
        let problem = ProblemDetails {
            kind: "about:blank".into(),
            title: title.into(),
            status: status.as_u16(),
            code: code.into(),
            detail: self.detail(),
            request_id: request.get("x-request-id").and_then(|id| id.to_str().ok()).map(str::to_owned),
            errors: Vec::new(),
            shortfall: None,
        };
        let mut response = (status, axum::Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(rand::rng().random_range(1..=3)));
        }
        if status == StatusCode::UPGRADE_REQUIRED {
            headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
            headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        }
        response
    }
}
