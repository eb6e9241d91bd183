//! Signatures of Standard Webhooks 1.0.0: `v1,` and the base64 of HMAC-SHA256 over `<id>.<timestamp>.<body>`.
//!
//! Id and timestamp hold no full stop, so that the three parts can be taken apart in one way only.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use herald_domain::webhook::WebhookSecret;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The `webhook-signature` header: one signature for each secret, separated by spaces. `timestamp` is in Unix seconds.
pub fn signatures<'a>(
    secrets: impl IntoIterator<Item = &'a WebhookSecret>,
    id: &str,
    timestamp: i64,
    body: &[u8],
) -> String {
    let each: Vec<_> = secrets.into_iter().map(|secret| signature(secret, id, timestamp, body)).collect();
    each.join(" ")
}

fn signature(secret: &WebhookSecret, id: &str, timestamp: i64, body: &[u8]) -> String {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.key()) else { return String::new() };
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vector that the standard's own libraries are tested with.
    #[test]
    fn the_published_vector_passes() {
        let secret: WebhookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".parse().unwrap();
        let body = br#"{"test": 2432232314}"#;
        let made = signatures([&secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(made, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn while_a_secret_is_replaced_both_sign_and_each_part_counts() {
        let (new, old) = (WebhookSecret::new(&[1; 32]), WebhookSecret::new(&[2; 32]));
        let of = |secrets: &[&WebhookSecret], id, at, body| signatures(secrets.iter().copied(), id, at, body);
        let both = of(&[&new, &old], "a", 1, b"x");
        assert_eq!(both, format!("{} {}", of(&[&new], "a", 1, b"x"), of(&[&old], "a", 1, b"x")));
        let one = of(&[&new], "a", 1, b"x");
        for other in [of(&[&new], "b", 1, b"x"), of(&[&new], "a", 2, b"x"), of(&[&new], "a", 1, b"y")] {
            assert_ne!(one, other);
        }
        assert_eq!(of(&[], "a", 1, b"x"), "");
    }
}
