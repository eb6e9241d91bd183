//! Currencies and how people write amounts of them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::MAX_AMOUNT;

/// Three letters as in ISO 4217, `INR`. Any three are taken: which ones a server deals in is decided by its accounts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, example = "INR")]
pub struct Currency([u8; 3]);

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a currency is three capital letters, as in ISO 4217")]
pub struct BadCurrency;

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadAmount {
    #[error("an amount is written like 12 or 12.50")]
    NotANumber,
    #[error("{0} has {1} digits after the point")]
    TooFine(Currency, u32),
    #[error("an amount is more than zero and at most 2^53 minor units")]
    OutOfRange,
}

impl Currency {
    pub fn as_str(&self) -> &str {
        // Only letters are ever in it.
        std::str::from_utf8(&self.0).unwrap_or("???")
    }

    /// How many digits the minor unit stands after the point (ISO 4217, as of 2026); 2 for what is not listed.
    pub fn exponent(self) -> u32 {
        match self.as_str() {
            "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI" | "VND"
            | "VUV" | "XAF" | "XOF" | "XPF" => 0,
            "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
            "CLF" | "UYW" => 4,
            _ => 2,
        }
    }

    /// `1250` → `12.50`.
    pub fn format(self, minor: i64) -> String {
        let digits = self.exponent() as usize;
        let sign = if minor < 0 { "-" } else { "" };
        let text = format!("{:0width$}", minor.unsigned_abs(), width = digits + 1);
        let (whole, rest) = text.split_at(text.len() - digits);
        if digits == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{rest}") }
    }

    /// `12.5` → `1250`.
    pub fn parse_amount(self, text: &str) -> Result<u64, BadAmount> {
        let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(rest) || text.ends_with('.') {
            return Err(BadAmount::NotANumber);
        }
        let exponent = self.exponent();
        if rest.len() > exponent as usize {
            return Err(BadAmount::TooFine(self, exponent));
        }
        let padded = format!("{whole}{rest:0<width$}", width = exponent as usize);
        let minor: u64 = padded.parse().map_err(|_| BadAmount::OutOfRange)?;
        if (1..=MAX_AMOUNT).contains(&minor) { Ok(minor) } else { Err(BadAmount::OutOfRange) }
    }
}

impl FromStr for Currency {
    type Err = BadCurrency;

    fn from_str(text: &str) -> Result<Self, BadCurrency> {
        let bytes: [u8; 3] = text.as_bytes().try_into().map_err(|_| BadCurrency)?;
        if bytes.iter().all(u8::is_ascii_uppercase) { Ok(Self(bytes)) } else { Err(BadCurrency) }
    }
}

impl TryFrom<String> for Currency {
    type Error = BadCurrency;

    fn try_from(text: String) -> Result<Self, BadCurrency> {
        text.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.as_str().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_and_written_in_the_currency_s_own_digits() {
        let of = |code: &str| code.parse::<Currency>().unwrap();
        for (code, text, minor, back) in [
            ("INR", "12.5", 1_250, "12.50"),
            ("INR", "0.01", 1, "0.01"),
            ("JPY", "12", 12, "12"),
            ("KWD", "1.234", 1_234, "1.234"),
        ] {
            assert_eq!(of(code).parse_amount(text), Ok(minor), "{code} {text}");
            assert_eq!(of(code).format(minor as i64), back);
        }
        assert_eq!(of("INR").format(-5), "-0.05");
        for bad in ["", ".5", "1.", "-1", "1e3", "1,5", " 1"] {
            assert_eq!(of("INR").parse_amount(bad), Err(BadAmount::NotANumber), "{bad:?}");
        }
        assert_eq!(of("JPY").parse_amount("1.5"), Err(BadAmount::TooFine(of("JPY"), 0)));
        for bad in ["0", "0.00", "90071992547409.93", "99999999999999999999999"] {
            assert_eq!(of("INR").parse_amount(bad), Err(BadAmount::OutOfRange), "{bad:?}");
        }
        assert_eq!("inr".parse::<Currency>(), Err(BadCurrency));
    }
}
