//! The catalogue of problem codes: each with its status, its title, what it comes from and what to do next. `/docs/errors`
//! is made from it, and so are the error responses in `/openapi.json`.

use axum::http::StatusCode;

/// Declares a code: variant, word, status, title, cause, next step.
macro_rules! codes {
    ($($variant:ident = $word:literal, $status:ident, $title:literal, $cause:literal, $next:literal;)+) => {
        /// What went wrong, as a stable machine-readable word.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub enum Code { $(#[doc = $cause] $variant),+ }

        impl Code {
            /// Every code there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word in `code`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            pub fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status),+ }
            }

            /// `title` of the problem: the same for every occurrence.
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title),+ }
            }

            /// What it comes from.
            pub fn cause(self) -> &'static str {
                match self { $(Self::$variant => $cause),+ }
            }

            /// What to do next.
            pub fn next_step(self) -> &'static str {
                match self { $(Self::$variant => $next),+ }
            }
        }
    };
}

codes! {
    BadJson = "bad_json", BAD_REQUEST, "The body is not JSON",
        "the request body is not well-formed JSON in UTF-8",
        "send one JSON value in UTF-8; the detail says where reading stopped";
    BadArchive = "bad_archive", BAD_REQUEST, "The body is not a zip archive",
        "the request body is not a zip archive that can be unpacked",
        "send a zip archive, stored or deflated, without encryption";
    BadQuery = "bad_query", BAD_REQUEST, "A query parameter is wrong",
        "a query parameter is unknown, given twice, or has a value that it cannot have",
        "see errors[]: each names the parameter as ?name and what it takes";
    BadCursor = "bad_cursor", BAD_REQUEST, "The cursor is malformed",
        "the cursor is not one that this list handed out",
        "take the cursor from 'next' of the page before, unchanged, or leave it out to start at the beginning";
    BadHeader = "bad_header", BAD_REQUEST, "A request header is wrong",
        "Host, Idempotency-Key or Herald-User is missing, repeated or malformed",
        "mend the header that the detail names";
    IdempotencyKeyRequired = "idempotency_key_required", BAD_REQUEST, "An Idempotency-Key is required",
        "a request that moves money came without the header Idempotency-Key",
        "make up a fresh key for each payment and send it along; repeat the request with the same key until there is an answer";
    KeyRequired = "key_required", UNAUTHORIZED, "A key is required",
        "the request bears no key, and does not plainly come from a page or program on the server's own machine",
        "send 'Authorization: Bearer KEY'; an administrator makes a key with: herald token create --user NAME";
    KeyInvalid = "key_invalid", UNAUTHORIZED, "The key is not valid",
        "the key is unknown or revoked, or the Authorization header is not of the form 'Bearer KEY'",
        "check the key, or have a new one made with: herald token create --user NAME";
    AdminRequired = "admin_required", FORBIDDEN, "An admin key is required",
        "the route, the header Herald-User or the filter asks for what only a key of scope admin may do",
        "use a key of scope admin, without Herald-User for admin routes";
    OriginNotAllowed = "origin_not_allowed", FORBIDDEN, "The origin is not allowed",
        "a page of a site that this server does not know tried to change something, or asked whether it may",
        "call from the server's own page, or name the site in HERALD_ALLOWED_ORIGINS";
    NotFound = "not_found", NOT_FOUND, "There is no such thing",
        "the id or name is unknown or malformed, or belongs to somebody else",
        "check the id, and that the request is made for the user that owns it";
    NoReceipt = "no_receipt", NOT_FOUND, "There is no receipt",
        "the transfer has moved no money, or the statement service has not numbered its receipt yet",
        "look at services.statement of GET /transactions/{id}: it is there when that is done";
    NoSuchPath = "no_such_path", NOT_FOUND, "There is no such path",
        "the server has nothing at this path",
        "see /docs for the paths that there are";
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, "The method is not allowed here",
        "the path exists, but not for this method",
        "use one of the methods in the Allow header";
    RequestTimeout = "request_timeout", REQUEST_TIMEOUT, "The body did not arrive in time",
        "the request body was not complete after 30 seconds",
        "send the request again";
    InProgress = "in_progress", CONFLICT, "The same request is being worked on",
        "another request with the same Idempotency-Key has not been decided after 5 seconds",
        "send the same request again in a moment; it will get the first one's answer";
    AlreadyFinished = "already_finished", CONFLICT, "The submission has finished",
        "the submission had its verdict before it could be cancelled; nothing has changed",
        "read the verdict with GET /status/{id}";
    HandleTaken = "handle_taken", CONFLICT, "The handle is taken",
        "there is an account of this handle already, and it is somebody else's, or of another currency or kind",
        "choose another handle";
    TooManyEndpoints = "too_many_endpoints", CONFLICT, "Too many webhook endpoints",
        "one user may have 20 webhook endpoints; nothing was stored",
        "remove one with DELETE /webhooks/{id}";
    EndpointDisabled = "endpoint_disabled", CONFLICT, "The endpoint is disabled",
        "the endpoint answered 410 Gone once, so nothing is sent to it any more",
        "name its URL anew with POST /webhooks, and remove this endpoint";
    WrongState = "wrong_state", CONFLICT, "The transfer is not in a state for this",
        "only a pending hold of the payer's can be captured or voided, and only what was paid can be refunded; nothing was moved",
        "read the state with GET /transactions/{id}";
    OverCaptured = "over_captured", CONFLICT, "More than is held",
        "the amount to capture is more than the transfer holds; nothing was moved",
        "capture at most what is held, or leave out the amount to capture all of it";
    OverRefunded = "over_refunded", CONFLICT, "More than is left to be refunded",
        "the amount is more than was paid and has not been refunded yet; nothing was moved",
        "refund at most what is left, or leave out the amount to refund all of it";
    BodyTooLarge = "body_too_large", PAYLOAD_TOO_LARGE, "The body is too large",
        "the request body is larger than 1 MiB, or the archive of a problem larger than 64 MiB",
        "send less in one request";
    SourceTooLarge = "source_too_large", PAYLOAD_TOO_LARGE, "The sources are too large",
        "the source files of one submission are larger than 256 KiB together",
        "send smaller sources";
    StdinTooLarge = "stdin_too_large", PAYLOAD_TOO_LARGE, "The standard input is too large",
        "stdin is larger than 256 KiB",
        "send a smaller stdin";
    UnsupportedMediaType = "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE, "The content type is not supported",
        "the body is not declared as application/json, or it is compressed",
        "send the header 'Content-Type: application/json' and an uncompressed body";
    ForeignHost = "foreign_host", MISDIRECTED_REQUEST, "This server does not serve that host",
        "the Host header names a host or port that is not this server's",
        "use the address that the server printed at start, or set HERALD_PUBLIC_URL to the address that is used";
    ValidationFailed = "validation_failed", UNPROCESSABLE_ENTITY, "The request is well-formed but wrong",
        "one or more fields are missing, unknown, or have a value that they cannot have; nothing was stored",
        "see errors[]: each names a field by JSON pointer and says what it takes";
    LanguageUnavailable = "language_unavailable", UNPROCESSABLE_ENTITY, "No worker has this language",
        "the language exists, but none of the workers that are alive has its toolchain; nothing was stored",
        "choose a language that GET /languages shows as available, or start a worker that has the toolchain";
    InsufficientFunds = "insufficient_funds", UNPROCESSABLE_ENTITY, "There is not enough money",
        "the paying account has less available than the amount; nothing was moved",
        "pay at most what is available, as GET /accounts/{id} says; 'shortfall' is what is missing, in minor units";
    IdempotencyKeyReused = "idempotency_key_reused", UNPROCESSABLE_ENTITY, "The Idempotency-Key was used before",
        "the same Idempotency-Key came with another request before; nothing was stored",
        "use a fresh key for each request, and the same key only to repeat the same request";
    TooManyOpen = "too_many_open", TOO_MANY_REQUESTS, "Too many unfinished submissions",
        "the user has as many unfinished submissions as one user may have; nothing was stored",
        "wait until some have finished, or cancel some with DELETE /submissions/{id}";
    RateLimited = "rate_limited", TOO_MANY_REQUESTS, "Too many requests",
        "the user has made more requests than HERALD_RATE_LIMIT allows",
        "wait as long as Retry-After says; use ws_url or events_url instead of polling";
    InternalError = "internal_error", INTERNAL_SERVER_ERROR, "The server made a mistake",
        "a bug, or a store that answered with something it should never hold",
        "report the request_id to whoever runs this server; its log has the cause under that id";
    StoreUnavailable = "store_unavailable", SERVICE_UNAVAILABLE, "The store is not available",
        "the database cannot be reached or is overloaded",
        "send the same request again as Retry-After says; with an Idempotency-Key that is safe for a POST too";
    QueueFull = "queue_full", SERVICE_UNAVAILABLE, "The queue is full",
        "the server has as many unfinished submissions as HERALD_MAX_QUEUED allows; nothing was stored",
        "send the same request again as Retry-After says";
    NotReady = "not_ready", SERVICE_UNAVAILABLE, "Not ready",
        "the process cannot reach its store, or is shutting down",
        "send requests to another process, or try again as Retry-After says";
}

impl Code {
    /// `Retry-After` in seconds, where trying again helps.
    pub fn retry_after(self) -> Option<u32> {
        match self {
            Self::InProgress | Self::RequestTimeout | Self::RateLimited => Some(1),
            Self::StoreUnavailable | Self::NotReady => Some(2),
            Self::TooManyOpen | Self::QueueFull => Some(5),
            _ => None,
        }
    }
}
