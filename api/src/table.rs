//! Lists as tables: CSV (RFC 4180) where that is asked for, safe to open in a spreadsheet: a cell that one would take for a
//! formula is quoted by a leading apostrophe.

use axum::Json;
use axum::http::header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_TYPE, LINK, VARY};
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::response::{IntoResponse, Response};
use herald_domain::view::Page;
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::error::{ApiError, Code, Result};
use crate::http::context::RequestContext;
use crate::http::query::{Params, bad};

/// One row of a list that can be had as a table.
pub(crate) trait Row: Serialize {
    /// What the file is called, without `.csv`.
    const NAME: &'static str;
    const COLUMNS: &'static [&'static str];

    /// As many as there are columns; text of others through [`harmless`].
    fn cells(&self) -> Vec<String>;
}

/// How a list is to be answered.
pub(crate) struct Form {
    table: bool,
}

impl Form {
    /// `format` comes before `Accept`.
    pub(crate) fn asked_for(params: &Params, headers: &HeaderMap) -> Result<Self> {
        let table = match params.text("format") {
            Some("csv") => true,
            Some("json") => false,
            Some(_) => return Err(bad("format", "must be one of json, csv".to_owned())),
            None => is_preferred(headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok())),
        };
        Ok(Self { table })
    }

    /// The page in that form; of a table the next page is in the `Link` header.
    pub(crate) fn answer<T: Row>(&self, page: Page<T>, uri: &Uri, context: &RequestContext) -> Result<Response> {
        let mut response = if self.table { table(&page, uri, context)? } else { Json(page).into_response() };
        response.headers_mut().insert(VARY, HeaderValue::from_static("Accept, Authorization, Herald-User"));
        Ok(response)
    }
}

fn table<T: Row>(page: &Page<T>, uri: &Uri, context: &RequestContext) -> Result<Response> {
    let text = write(&page.items).map_err(|error| ApiError::plain(Code::InternalError).caused_by(error))?;
    let mut response = text.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8; header=present"));
    if let Ok(file) = HeaderValue::try_from(format!("attachment; filename=\"{}.csv\"", T::NAME)) {
        headers.insert(CONTENT_DISPOSITION, file);
    }
    if let Some(next) = &page.next {
        // All parameters as they were, but the cursor.
        let query = uri.query().unwrap_or_default();
        let kept = query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="));
        let query = kept.map(str::to_owned).chain([format!("cursor={next}")]).collect::<Vec<_>>().join("&");
        let link = format!("<{}{}?{query}>; rel=\"next\"", context.base_url, uri.path());
        if let Ok(link) = HeaderValue::try_from(link) {
            headers.insert(LINK, link);
        }
    }
    Ok(response)
}

fn write<T: Row>(rows: &[T]) -> std::result::Result<Vec<u8>, csv::Error> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(T::COLUMNS)?;
    for row in rows {
        writer.write_record(row.cells())?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

/// Not known yet = an empty cell.
pub(crate) fn known<T: std::fmt::Display>(value: Option<T>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

pub(crate) fn moment(at: Option<OffsetDateTime>) -> String {
    at.and_then(|at| at.format(&Rfc3339).ok()).unwrap_or_default()
}

/// Text that somebody else has written.
pub(crate) fn harmless(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    if formula { format!("'{text}") } else { text.to_owned() }
}

/// Whether `Accept` asks for `text/csv` by name and likes nothing that JSON satisfies better.
fn is_preferred<'a>(accept: impl Iterator<Item = &'a str>) -> bool {
    let (mut table, mut json) = (0.0_f32, 0.0_f32);
    for range in accept.flat_map(|value| value.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
        let quality = parts.find_map(|part| part.strip_prefix("q=")?.parse().ok()).unwrap_or(1.0);
        match essence.as_str() {
            "text/csv" => table = quality,
            "application/json" => json = quality,
            _ => {}
        }
    }
    table > json
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_is_chosen_by_name_only() {
        let preferred = |accept: &str| is_preferred([accept].into_iter());
        assert!(preferred("text/csv"));
        assert!(preferred("text/csv, application/json;q=0.5"));
        assert!(preferred("text/csv;q=0.9, */*;q=0.1"));
        for json in ["", "*/*", "text/*", "application/json", "text/csv;q=0.1, application/json", "text/csv;q=0"] {
            assert!(!preferred(json), "{json}");
        }
    }

    #[test]
    fn a_cell_is_never_a_formula() {
        for (cell, written) in [("=1+1", "'=1+1"), ("@x", "'@x"), ("-1", "'-1"), ("signal:9", "signal:9"), ("", "")] {
            assert_eq!(harmless(cell), written);
        }
    }
}
