//! `Stripe-Signature`: `t=<seconds>,v1=<hex>[,v1=<hex>…]`, where `v1` is the HMAC-SHA256 of `<t>.<raw body>`.

use std::time::Duration;

use aws_lc_rs::hmac;
use shared::{config::Secret, domain::Timestamp};

/// How old, or how far ahead of our clock, a signature may be (Stripe's own default).
const TOLERANCE: Duration = Duration::from_secs(300);

/// Whether the gateway signed this body recently. During a rotation of the secret there are several `v1`: one must match.
pub(crate) fn is_genuine(header: &str, body: &[u8], secret: &Secret, now: Timestamp) -> bool {
    let mut seconds: Option<i64> = None;
    let mut signatures = Vec::new();
    for (name, value) in header.split(',').filter_map(|part| part.trim().split_once('=')) {
        match name {
            "t" => seconds = value.parse().ok(),
            "v1" => signatures.extend(from_hex(value)),
            // `v0` is a test scheme that proves nothing.
            _ => {}
        }
    }
    let Some(seconds) = seconds else { return false };
    let tolerance = i64::try_from(TOLERANCE.as_secs()).unwrap_or(i64::MAX);
    if now.as_seconds().saturating_sub(seconds).saturating_abs() > tolerance {
        return false;
    }
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
    let signed = signed_bytes(seconds, body);
    // `verify` compares in constant time.
    signatures.iter().any(|signature| hmac::verify(&key, &signed, signature).is_ok())
}

/// The header that the gateway would send; for tests and tools that play the gateway.
pub fn sign(body: &[u8], secret: &Secret, at: Timestamp) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
    let tag = hmac::sign(&key, &signed_bytes(at.as_seconds(), body));
    let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={},v1={hex}", at.as_seconds())
}

fn signed_bytes(seconds: i64, body: &[u8]) -> Vec<u8> {
    let mut signed = format!("{seconds}.").into_bytes();
    signed.extend_from_slice(body);
    signed
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"id":"evt_1"}"#;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    /// Computed with another implementation: `printf '1700000000.{"id":"evt_1"}' | openssl dgst -sha256 -hmac whsec_test`.
    const GOLDEN: &str = "c89214b5b5da833daed6f0b8c5bb6bd58cea9022bd80ccc78230f3942d632925";

    #[test]
    fn a_genuine_signature_fits_also_beside_an_old_one() {
        let secret = Secret::new("whsec_test");
        let header = format!("t=1700000000,v1={GOLDEN}");
        assert!(is_genuine(&header, BODY, &secret, at(1_700_000_000)));
        let rotated = format!("t=1700000000,v1={},v1={GOLDEN}", "0".repeat(64));
        assert!(is_genuine(&rotated, BODY, &secret, at(1_700_000_300)));
        assert_eq!(sign(BODY, &secret, at(1_700_000_000)), header);
    }

    #[test]
    fn forged_stale_and_mutated_ones_do_not() {
        let secret = Secret::new("whsec_test");
        let header = format!("t=1700000000,v1={GOLDEN}");
        let now = at(1_700_000_000);
        assert!(!is_genuine(&header, BODY, &secret, at(1_700_000_301)), "stale");
        assert!(!is_genuine(&header, BODY, &secret, at(1_699_999_699)), "from the future");
        assert!(!is_genuine(&header, br#"{"id":"evt_2"}"#, &secret, now), "mutated");
        assert!(!is_genuine(&header, BODY, &Secret::new("whsec_other"), now), "another secret");
        for forged in ["", "t=1700000000", &format!("v1={GOLDEN}"), &format!("t=1700000000,v0={GOLDEN}"), "t=x,v1=zz"] {
            assert!(!is_genuine(forged, BODY, &secret, now), "{forged}");
        }
    }
}
