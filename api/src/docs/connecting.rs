//! Codes that `/ws` and `/events` refuse a connection with. The notifier answers those, perhaps in another process; they are
//! explained here because users find all codes on one page. (`bad_cursor` and `origin_not_allowed` are common to both.)

/// Code, status, title, cause, next step.
pub(super) type Explained = (&'static str, u16, &'static str, &'static str, &'static str);

const NEW_TICKET: &str = "ask for a new ticket with POST /tickets";

pub(super) const CODES: [Explained; 9] = [
    (
        "bad_ticket",
        401,
        "The ticket opens nothing",
        "the query has no ticket, or one that this server did not sign",
        "use ws_url or events_url as they were answered, or ask for a new ticket with POST /tickets",
    ),
    ("expired_ticket", 401, "The ticket opens nothing", "the ticket was not used in its time", NEW_TICKET),
    (
        "revoked_ticket",
        401,
        "The ticket opens nothing",
        "the key that the ticket was made with is revoked",
        "use a key that is valid, and ask for a new ticket with POST /tickets",
    ),
    (
        "unknown_channel",
        404,
        "There is no such channel",
        "the channel does not exist, or belongs to somebody else",
        "check the id",
    ),
    (
        "unavailable",
        503,
        "The channel cannot be read now",
        "the store is not available",
        "connect again as Retry-After says, with the cursor of the last frame",
    ),
    (
        "shutting_down",
        503,
        "The server is shutting down",
        "this process is draining its connections",
        "connect again: another process answers",
    ),
    (
        "too_many_connections",
        503,
        "There is no room for another connection",
        "the process, or (status 429) the user, has as many connections as are allowed",
        "connect again as Retry-After says; at 429, close other connections of the user first",
    ),
    (
        "overloaded",
        503,
        "Too many connects at once",
        "more connections are being opened than the process takes in at a time",
        "connect again as Retry-After says",
    ),
    (
        "upgrade_required",
        426,
        "This is a WebSocket",
        "/ws was asked for without a WebSocket handshake, or with one of another version than 13",
        "open it with a WebSocket client, or use events_url for Server-Sent Events",
    ),
];
