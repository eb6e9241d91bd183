//! The page's files: those of `web/`, where it was built before the program was, and the first page, which needs no build.

use std::borrow::Cow;

use axum::http::HeaderValue;
use herald_domain::identity::hex;
use sha2::{Digest, Sha256};

/// Where the built page answers; the page itself tells these apart.
const ROUTES: [&str; 6] = ["/", "/solve/{slug}", "/run", "/race", "/money", "/sign-in"];

/// Of the first page: where, what, how.
pub(super) const FIRST: [(&str, &str, &[u8]); 5] = [
    ("/plain", "text/html; charset=utf-8", include_bytes!("../../../examples/plain/index.html")),
    ("/app.js", "text/javascript; charset=utf-8", include_bytes!("../../../examples/plain/app.js")),
    ("/pay.js", "text/javascript; charset=utf-8", include_bytes!("../../../examples/plain/pay.js")),
    ("/style.css", "text/css; charset=utf-8", include_bytes!("../../../examples/plain/style.css")),
    ("/favicon.svg", "image/svg+xml", include_bytes!("../../../examples/plain/favicon.svg")),
];

/// What `npm run build` makes. A debug build reads the folder when it starts, a release build holds it.
#[derive(rust_embed::RustEmbed)]
#[folder = "../web/dist"]
#[exclude = ".*"]
struct Built;

/// Whether an answer may be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// Asked for again each time, by its tag.
    Revalidated,
    /// For a year: its name changes with its content.
    Forever,
}

#[derive(Clone)]
pub(super) struct File {
    pub path: String,
    pub kind: HeaderValue,
    pub content: Cow<'static, [u8]>,
    /// Weak (RFC 9110, 8.8.1), since the content may be sent compressed.
    pub tag: String,
    pub keep: Keep,
}

impl File {
    fn new(path: &str, kind: &str, content: Cow<'static, [u8]>, keep: Keep) -> Self {
        let tag = format!("W/\"{}\"", &hex(&Sha256::digest(&content))[..16]);
        let kind = HeaderValue::try_from(kind).unwrap_or(HeaderValue::from_static("application/octet-stream"));
        Self { path: path.to_owned(), kind, content, tag, keep }
    }
}

/// All that is served. `/` is the built page, or the first one where there is no other.
pub(super) fn all() -> Vec<File> {
    let mut files: Vec<File> = FIRST
        .into_iter()
        .map(|(path, kind, content)| File::new(path, kind, content.into(), Keep::Revalidated))
        .collect();
    let built = built();
    if built.is_empty() {
        files.push(File { path: "/".to_owned(), ..files[0].clone() });
    }
    files.extend(built);
    files
}

fn built() -> Vec<File> {
    let Some(index) = Built::get("index.html") else { return Vec::new() };
    let document = File::new("/", "text/html; charset=utf-8", index.data, Keep::Revalidated);
    let documents = ROUTES.into_iter().map(|path| File { path: path.to_owned(), ..document.clone() });
    let assets = Built::iter().filter(|name| name.starts_with("assets/")).filter_map(|name| {
        let asset = Built::get(&name)?;
        Some(File::new(&format!("/{name}"), asset.metadata.mimetype(), asset.data, Keep::Forever))
    });
    documents.chain(assets).collect()
}
