//! Keyset paging: `limit` and an opaque `cursor` that names the last item of the page before.

use std::str::FromStr;

use axum::http::Uri;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use herald_domain::view::Page;

use crate::error::{ApiError, Code, Result};
use crate::http::query::{Params, bad};

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 200;

/// Which page is asked for.
pub(crate) struct Paging<K> {
    list: &'static str,
    /// The last item of the page before.
    pub after: Option<K>,
    limit: u32,
}

impl<K: FromStr + std::fmt::Display> Paging<K> {
    /// Reads `cursor` and `limit` among `known` parameters. `list` names the list in its cursors, so that a cursor of one
    /// list is malformed in another.
    pub(crate) fn read(uri: &Uri, list: &'static str, more_known: &[&str]) -> Result<(Self, Params)> {
        let params = Params::read(uri, &[&["cursor", "limit"], more_known].concat())?;
        let after = params.text("cursor").map(|text| decode(list, text)).transpose()?;
        let limit = match params.text("limit") {
            None => DEFAULT_LIMIT,
            Some(text) => {
                let limit = text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
                limit.ok_or_else(|| bad("limit", format!("must be an integer from 1 to {MAX_LIMIT}")))?
            }
        };
        Ok((Self { list, after, limit }, params))
    }

    /// How many rows a page has.
    pub(crate) fn limit(&self) -> u32 {
        self.limit
    }

    /// What leads to the page after this item.
    pub(crate) fn cursor(&self, last: &K) -> String {
        URL_SAFE_NO_PAD.encode(format!("1|{}|{last}", self.list))
    }

    /// How many rows to read: one more than a page has, to know whether there is a next.
    pub(crate) fn rows(&self) -> u32 {
        self.limit + 1
    }

    /// The page made of the rows read.
    pub(crate) fn page<T>(&self, mut rows: Vec<T>, key: impl Fn(&T) -> K) -> Page<T> {
        let more = rows.len() > self.limit as usize;
        rows.truncate(self.limit as usize);
        let last = rows.last().filter(|_| more);
        let next = last.map(|row| self.cursor(&key(row)));
        Page { items: rows, next }
    }
}

fn decode<K: FromStr>(list: &str, text: &str) -> Result<K> {
    let malformed = || ApiError::plain(Code::BadCursor);
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| malformed())?;
    // No store can hold a NUL in a text, so none made this.
    let plain = String::from_utf8(bytes).ok().filter(|plain| !plain.contains('\0')).ok_or_else(malformed)?;
    let key = plain.strip_prefix("1|").and_then(|rest| rest.strip_prefix(list)).and_then(|rest| rest.strip_prefix('|'));
    key.and_then(|key| key.parse().ok()).ok_or_else(malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<Paging<u32>> {
        Paging::read(&format!("/x?{query}").parse().unwrap(), "numbers", &[]).map(|(paging, _)| paging)
    }

    #[test]
    fn a_cursor_leads_to_the_next_page_and_nothing_else_is_one() {
        let page = read("limit=2").unwrap().page(vec![5, 6, 7], |n| *n);
        assert_eq!(page.items, [5, 6]);
        let next = page.next.unwrap();
        assert_eq!(read(&format!("cursor={next}")).unwrap().after, Some(6));
        assert_eq!(read("limit=2").unwrap().page(vec![5, 6], |n| *n).next, None);
        let of_another_list = URL_SAFE_NO_PAD.encode("1|letters|6");
        for bad in ["!", "MQ", of_another_list.as_str(), &next[1..]] {
            let code = read(&format!("cursor={bad}")).map(|_| ()).unwrap_err().code();
            assert_eq!(code, Code::BadCursor, "{bad}");
        }
        for bad in ["0", "201", "-1", "x", "1.5"] {
            let code = read(&format!("limit={bad}")).map(|_| ()).unwrap_err().code();
            assert_eq!(code, Code::BadQuery, "{bad}");
        }
    }
}
