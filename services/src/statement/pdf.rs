//! A receipt as one A4 page, with the fonts that every PDF reader has: small, and drawn without any file of ours.
//!
//! Those fonts know Western letters only (Windows-1252); other characters show as `?`, and the HTML receipt has them all.
//! Values are set in a font whose letters are all of one width, so that a line is broken by counting. Nothing of the time or
//! the machine gets in: the same receipt is the same bytes.

use pdf_writer::{Content, Date, Finish, Name, Pdf, Rect, Ref, Str, TextStr};
use time::OffsetDateTime;

use super::Receipt;

const CATALOG: Ref = Ref::new(1);
const PAGES: Ref = Ref::new(2);
const PAGE: Ref = Ref::new(3);
const TEXT: Ref = Ref::new(4);
const INFO: Ref = Ref::new(5);
const BOLD: (Name<'_>, Ref, &[u8]) = (Name(b"B"), Ref::new(6), b"Helvetica-Bold");
const LABEL: (Name<'_>, Ref, &[u8]) = (Name(b"L"), Ref::new(7), b"Helvetica");
const VALUE: (Name<'_>, Ref, &[u8]) = (Name(b"V"), Ref::new(8), b"Courier");

/// Points; the origin is at the bottom left.
const WIDTH: f32 = 595.0;
const HEIGHT: f32 = 842.0;
const MARGIN: f32 = 72.0;
const COLUMN: f32 = MARGIN + 96.0;
const LEADING: f32 = 18.0;
/// Courier's letters are 0.6 of the size wide: what fits between column and margin at 10 points.
const COLUMNS: usize = 59;
/// A value longer than this many lines is cut: the page ends somewhere.
const MAX_LINES: usize = 12;

/// The whole document.
pub fn pdf(receipt: &Receipt<'_>) -> Vec<u8> {
    let mut pdf = Pdf::new();
    pdf.catalog(CATALOG).pages(PAGES);
    pdf.pages(PAGES).kids([PAGE]).count(1);
    let mut page = pdf.page(PAGE);
    page.media_box(Rect::new(0.0, 0.0, WIDTH, HEIGHT)).parent(PAGES).contents(TEXT);
    let mut resources = page.resources();
    let mut fonts = resources.fonts();
    for (name, id, _) in [BOLD, LABEL, VALUE] {
        fonts.pair(name, id);
    }
    fonts.finish();
    resources.finish();
    page.finish();
    for (_, id, font) in [BOLD, LABEL, VALUE] {
        pdf.type1_font(id).base_font(Name(font)).encoding_predefined(Name(b"WinAnsiEncoding"));
    }
    pdf.stream(TEXT, &drawn(receipt));
    pdf.document_info(INFO)
        .title(TextStr(&receipt.title()))
        .creator(TextStr("Herald"))
        .creation_date(date(receipt.issued_at));
    pdf.finish()
}

fn drawn(receipt: &Receipt<'_>) -> Vec<u8> {
    let mut content = Content::new();
    let mut y = HEIGHT - MARGIN;
    let mut put = |font: Name<'_>, size: f32, x: f32, y: f32, text: &[u8]| {
        content.begin_text().set_font(font, size).next_line(x, y).show(Str(text)).end_text();
    };
    put(BOLD.0, 18.0, MARGIN, y, &western(&receipt.title()));
    y -= 2.0 * LEADING;
    for (name, value) in receipt.lines() {
        put(LABEL.0, 10.0, MARGIN, y, &western(name));
        for line in broken(&value) {
            put(VALUE.0, 10.0, COLUMN, y, &western(&line));
            y -= LEADING;
        }
    }
    content.finish().into_vec()
}

/// Lines of at most [`COLUMNS`] characters, broken after a space where there is one; at least one line.
fn broken(value: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in value.lines() {
        let mut rest: Vec<char> = paragraph.chars().filter(|c| !c.is_control()).collect();
        while rest.len() > COLUMNS {
            let space = rest[..COLUMNS].iter().rposition(|c| *c == ' ').map_or(COLUMNS, |at| at + 1);
            let tail = rest.split_off(space);
            lines.push(rest.into_iter().collect::<String>());
            rest = tail;
        }
        lines.push(rest.into_iter().collect());
    }
    if lines.len() > MAX_LINES {
        lines.truncate(MAX_LINES - 1);
        lines.push("…".to_owned());
    }
    if lines.is_empty() { vec![String::new()] } else { lines }
}

/// Windows-1252, which PDF calls WinAnsiEncoding.
fn western(text: &str) -> Vec<u8> {
    text.chars().map(western_byte).collect()
}

fn western_byte(c: char) -> u8 {
    /// What stands at 0x80 to 0x9f.
    const MIDDLE: &str = "€\0‚ƒ„…†‡ˆ‰Š‹Œ\0Ž\0\0‘’“”•–—˜™š›œ\0žŸ";
    match u32::from(c) {
        code @ (0x20..=0x7e | 0xa0..=0xff) => u8::try_from(code).unwrap_or(b'?'),
        _ => {
            let at = MIDDLE.chars().position(|known| known == c && c != '\0');
            at.and_then(|at| u8::try_from(0x80 + at).ok()).unwrap_or(b'?')
        }
    }
}

fn date(at: OffsetDateTime) -> Date {
    let at = at.to_offset(time::UtcOffset::UTC);
    Date::new(u16::try_from(at.year()).unwrap_or(0))
        .month(at.month().into())
        .day(at.day())
        .hour(at.hour())
        .minute(at.minute())
        .second(at.second())
        .utc_offset_hour(0)
}

#[cfg(test)]
mod tests;
