//! A receipt as a page that needs nothing else: no script, no picture, no style from elsewhere.

use super::Receipt;

const STYLE: &str = "body{font:16px/1.5 sans-serif;max-width:40em;margin:2em auto;padding:0 1em;color:#222}\
h1{font-size:1.4em}dl{display:grid;grid-template-columns:8em 1fr;gap:.3em 1em}dt{color:#666}\
dd{margin:0;overflow-wrap:anywhere;white-space:pre-wrap}@media print{body{margin:0}}";

/// The whole document, in UTF-8.
pub fn html(receipt: &Receipt<'_>) -> String {
    let title = escaped(&receipt.title());
    let lines: String = receipt
        .lines()
        .iter()
        .map(|(name, value)| format!("<dt>{}</dt><dd dir=\"auto\">{}</dd>\n", escaped(name), escaped(value)))
        .collect();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n\
         <body>\n<h1>{title}</h1>\n<dl>\n{lines}</dl>\n</body>\n</html>\n"
    )
}

/// Text as it may stand between tags and in a quoted attribute. What no document may hold (control characters) is left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use herald_domain::money::Transfer;
    use proptest::prelude::*;

    use super::*;
    use crate::sample::{at, payment};

    fn page(note: &str) -> String {
        let transfer = Transfer { note: Some(note.to_owned()), ..payment() };
        html(&Receipt { number: 7, issued_at: at(), transfer: &transfer })
    }

    /// The text between the tags of the note.
    fn note_of(page: &str) -> &str {
        let (_, rest) = page.split_once("<dt>Note</dt><dd dir=\"auto\">").unwrap();
        rest.split_once("</dd>\n</dl>").unwrap().0
    }

    fn unescaped(text: &str) -> String {
        let plain = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
        plain.replace("&amp;", "&")
    }

    #[test]
    fn a_page_says_what_the_receipt_says() {
        let page = page("two teas");
        for part in ["<h1>Receipt no. 7</h1>", "<dt>Amount</dt><dd dir=\"auto\">12.50 INR</dd>", "two teas"] {
            assert!(page.contains(part), "no '{part}' in {page}");
        }
        assert!(!page.contains("http") && !page.contains("src=") && !page.contains("<script"), "{page}");
    }

    proptest! {
        #[test]
        fn whatever_is_noted_stays_text(note in "[ -~\\n₹रé]{0,60}") {
            let (page, blank) = (page(&note), page(""));
            prop_assert_eq!(unescaped(note_of(&page)), note.as_str());
            let tags = |page: &str| page.matches('<').count();
            prop_assert_eq!(tags(&page), tags(&blank));
            prop_assert_eq!(page.matches('"').count(), blank.matches('"').count());
        }
    }
}
