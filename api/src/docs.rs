//! `/openapi.json`, `/docs` (Swagger UI, from this binary and nowhere else) and `/docs/errors`.

mod connecting;

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use axum::http::HeaderName;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Redirect, Response};
use bytes::Bytes;
use utoipa_swagger_ui::Config;

use crate::error::{ApiError, Code, Result};
use crate::http::id::InPath;

/// Nothing from elsewhere, no script in a page's text.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

type Headers = [(HeaderName, &'static str); 2];

const HEADERS: Headers = [(CONTENT_SECURITY_POLICY, POLICY), (CACHE_CONTROL, "no-cache")];

pub(crate) async fn openapi() -> Response {
    static DOCUMENT: LazyLock<Bytes> =
        LazyLock::new(|| Bytes::from(crate::openapi::document().to_json().unwrap_or_default()));
    ([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-cache")], DOCUMENT.clone()).into_response()
}

/// Relative, so that it also holds below the path of a public URL.
pub(crate) async fn redirect() -> Redirect {
    Redirect::permanent("docs/")
}

pub(crate) async fn index() -> Result<Response> {
    swagger("index.html")
}

pub(crate) async fn file(InPath(name): InPath<String>) -> Result<Response> {
    swagger(&name)
}

fn swagger(name: &str) -> Result<Response> {
    // Without this the page would send the document's address to a validator on the internet.
    static CONFIG: LazyLock<Arc<Config<'static>>> =
        LazyLock::new(|| Arc::new(Config::from("../openapi.json").validator_url("none").try_it_out_enabled(true)));
    let found = utoipa_swagger_ui::serve(name, CONFIG.clone())
        .map_err(|error| ApiError::plain(Code::InternalError).caused_by(error))?;
    let file = found.ok_or_else(|| ApiError::plain(Code::NoSuchPath))?;
    let bytes = match file.bytes {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => Bytes::from(bytes),
    };
    Ok((HEADERS, [(CONTENT_TYPE, file.content_type)], bytes).into_response())
}

/// Every code, with what it comes from and what to do next; `type` of a problem leads here.
pub(crate) async fn errors() -> Response {
    static PAGE: LazyLock<String> = LazyLock::new(errors_page);
    (HEADERS, Html(PAGE.as_str())).into_response()
}

fn errors_page() -> String {
    let own =
        |code: &Code| section(&(code.as_str(), code.status().as_u16(), code.title(), code.cause(), code.next_step()));
    let own: String = Code::ALL.iter().map(own).collect();
    let connecting: String = connecting::CODES.iter().map(section).collect();
    format!("{HEAD}{own}<h2 id=\"connecting\">When connecting to /ws or /events</h2>\n{connecting}</main></html>\n")
}

fn section((word, status, title, cause, next): &connecting::Explained) -> String {
    let [title, cause, next] = [title, cause, next].map(|text| escaped(text));
    format!(
        "<section id=\"{word}\"><h3><a href=\"#{word}\"><code>{word}</code></a> <small>{status}</small></h3>\n\
         <p><b>{title}.</b></p>\n<dl><dt>Cause</dt><dd>{cause}</dd><dt>Next</dt><dd>{next}</dd></dl></section>\n"
    )
}

const HEAD: &str = "<!doctype html>
<html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">
<title>Herald: errors</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
main { max-width: 46rem; margin: 2rem auto; padding: 0 1rem }
section { padding: .25rem .75rem; margin: 1rem 0; border-left: 3px solid #8885 }
section:target { border-color: #e66100; background: #e661001a }
h3 { font-size: 1.1rem; margin: .25rem 0 } h3 a { color: inherit } small { font-weight: normal; opacity: .7 }
dl { display: grid; grid-template-columns: 4rem 1fr; gap: .25rem } dt { opacity: .7 } dd, p { margin: 0 }
</style>
<main>
<h1>Errors</h1>
<p>Every error is <code>application/problem+json</code> (RFC 9457). Programs go by <code>code</code>, which never changes its
meaning; <code>detail</code> is for people. <a href=\"./\">The API</a>.</p>
";

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use herald_domain::ticket::TicketError;
    use herald_push::SubscribeError;
    use herald_push::session::TicketRefusal;

    #[test]
    fn every_code_is_explained() {
        let page = errors_page();
        for code in Code::ALL {
            assert!(page.contains(&format!("<section id=\"{}\">", code.as_str())), "{code:?}");
            assert!(page.contains(&escaped(code.cause())) && page.contains(&escaped(code.next_step())), "{code:?}");
        }
        // What the push crate refuses with is explained too.
        let subscribing = [SubscribeError::BadCursor, SubscribeError::UnknownChannel, SubscribeError::Unavailable];
        let tickets = [TicketError::Bad, TicketError::Expired].map(TicketRefusal::Unfit);
        let refusals = tickets.into_iter().chain([TicketRefusal::Revoked]).map(TicketRefusal::code);
        for word in refusals.chain(subscribing.map(SubscribeError::code)) {
            assert!(page.contains(&format!("<section id=\"{word}\">")), "{word}");
        }
    }
}
