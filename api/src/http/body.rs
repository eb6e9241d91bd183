//! Reading a request body: `application/json` only, whole, at most 1 MiB, within 30 s, UTF-8; or, where one is wanted, a zip
//! archive.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::json::Node;
use crate::archive::MAX_ARCHIVE_BYTES;
use crate::error::{ApiError, Code, Result};

/// No request body is larger.
pub(crate) const MAX_BODY_BYTES: usize = 1024 * 1024;
/// A body that has not arrived by then is given up.
const PATIENCE: Duration = Duration::from_secs(30);
/// An archive may come over a slow line.
const ARCHIVE_PATIENCE: Duration = Duration::from_secs(300);

/// The body of a request, parsed but not yet understood.
pub(crate) struct JsonBody(pub Node);

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self> {
        check_type(request.headers())?;
        check_length(request.headers())?;
        let bytes = read(request.into_body()).await?;
        Ok(Self(parse(&bytes)?))
    }
}

/// The body of a POST that may come without one (or with null), which then counts as an empty object.
pub(crate) struct OptionalBody(pub Node);

impl<S: Send + Sync> FromRequest<S> for OptionalBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self> {
        let declared = request.headers().contains_key(CONTENT_TYPE).then(|| check_type(request.headers()));
        check_length(request.headers())?;
        let bytes = read(request.into_body()).await?;
        if bytes.is_empty() {
            return Ok(Self(Node::Map(Vec::new())));
        }
        declared.unwrap_or_else(|| Err(ApiError::plain(Code::UnsupportedMediaType)))?;
        match parse(&bytes)? {
            Node::Null => Ok(Self(Node::Map(Vec::new()))),
            node => Ok(Self(node)),
        }
    }
}

/// A zip archive, whole.
pub(crate) struct ZipBody(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for ZipBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self> {
        let kind = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !kind.eq_ignore_ascii_case("application/zip") {
            let detail = "send the header 'Content-Type: application/zip' and a zip archive";
            return Err(ApiError::new(Code::UnsupportedMediaType, detail));
        }
        let too_large = || {
            let detail = format!("the archive is larger than {} MiB; make it smaller", MAX_ARCHIVE_BYTES >> 20);
            ApiError::new(Code::BodyTooLarge, detail)
        };
        if length(request.headers()).is_some_and(|length| length > MAX_ARCHIVE_BYTES as u64) {
            return Err(too_large());
        }
        match tokio::time::timeout(ARCHIVE_PATIENCE, Limited::new(request.into_body(), MAX_ARCHIVE_BYTES).collect())
            .await
        {
            Ok(Ok(whole)) => Ok(Self(whole.to_bytes())),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
            Ok(Err(_)) => Err(ApiError::new(Code::BadArchive, "the body broke off; send the request again")),
            Err(_elapsed) => Err(ApiError::plain(Code::RequestTimeout)),
        }
    }
}

/// A POST that takes no body, or an empty object: what a client sends along is not interpreted, but must not be anything else.
pub(crate) struct NoBody;

impl<S: Send + Sync> FromRequest<S> for NoBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        match OptionalBody::from_request(request, state).await?.0 {
            Node::Map(fields) if fields.is_empty() => Ok(Self),
            _ => Err(ApiError::new(Code::ValidationFailed, "this request takes no body; leave it out")),
        }
    }
}

fn check_type(headers: &HeaderMap) -> Result<()> {
    let text = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = text.split(';').map(str::trim);
    let json = parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"));
    let utf8 = parts.all(|parameter| match parameter.split_once('=') {
        Some((name, value)) if name.eq_ignore_ascii_case("charset") => {
            value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    });
    let encoding = headers.get(CONTENT_ENCODING);
    let plain = encoding.is_none_or(|value| value.as_bytes().eq_ignore_ascii_case(b"identity"));
    if json && utf8 && plain { Ok(()) } else { Err(ApiError::plain(Code::UnsupportedMediaType)) }
}

/// Refuses before a byte is read where the length is known to be too much.
fn check_length(headers: &HeaderMap) -> Result<()> {
    if length(headers).is_some_and(|length| length > MAX_BODY_BYTES as u64) { Err(too_large()) } else { Ok(()) }
}

fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok())
}

fn too_large() -> ApiError {
    ApiError::plain(Code::BodyTooLarge)
}

async fn read(body: Body) -> Result<Bytes> {
    match tokio::time::timeout(PATIENCE, Limited::new(body, MAX_BODY_BYTES).collect()).await {
        Ok(Ok(whole)) => Ok(whole.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        // The client has gone or broke the framing: nobody will read this answer, but it must be one.
        Ok(Err(_)) => Err(ApiError::new(Code::BadJson, "the body broke off; send the request again")),
        Err(_elapsed) => Err(ApiError::plain(Code::RequestTimeout)),
    }
}

fn parse(bytes: &[u8]) -> Result<Node> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        ApiError::new(Code::BadJson, format!("the body is not UTF-8: the bytes after {} are not", error.valid_up_to()))
    })?;
    Node::parse(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_in_utf8_is_the_only_type_taken() {
        let taken = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, value.parse().unwrap());
            check_type(&headers).is_ok()
        };
        for good in ["application/json", "Application/JSON; charset=UTF-8", "application/json;charset=\"utf-8\""] {
            assert!(taken(good), "{good}");
        }
        for bad in ["", "text/plain", "application/json; charset=latin1", "application/jsonp", "multipart/form-data"] {
            assert!(!taken(bad), "{bad}");
        }
        assert!(check_type(&HeaderMap::new()).is_err());
    }
}
