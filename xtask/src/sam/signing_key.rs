//! The key that signs the access tokens of the smoke test, and its public key.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

/// The private key as PEM and the public one as a key set; generated once.
pub(super) fn pair(folder: &Path) -> Result<(String, String)> {
    let private = folder.join("signing-key.pem");
    if !private.exists() {
        openssl(Command::new("openssl").args(["genpkey", "-algorithm", "ed25519", "-out"]).arg(&private))?;
    }
    let mut command = Command::new("openssl");
    let public = openssl(command.args(["pkey", "-pubout", "-outform", "DER", "-in"]).arg(&private))?;
    // The encoding ends with the 32 bytes of the key.
    let start = public.len().checked_sub(32).context("openssl wrote no key")?;
    let x = base64url(public.get(start..).unwrap_or_default());
    let kid = thumbprint(&x, folder)?;
    let keys =
        format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","use":"sig","alg":"EdDSA","kid":"{kid}","x":"{x}"}}]}}"#);
    Ok((fs::read_to_string(private)?, keys))
}

/// The id of a key in the shop: its thumbprint (RFC 7638).
fn thumbprint(x: &str, folder: &Path) -> Result<String> {
    let public = folder.join("signing-key.json");
    fs::write(&public, format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#))?;
    let mut command = Command::new("openssl");
    let digest = openssl(command.args(["dgst", "-sha256", "-binary"]).arg(&public))?;
    Ok(base64url(&digest))
}

fn openssl(command: &mut Command) -> Result<Vec<u8>> {
    let output = command.output().context("cannot run openssl")?;
    if !output.status.success() {
        bail!("openssl failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(output.stdout)
}

fn base64url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = (0..3).fold(0_u32, |bits, at| bits << 8 | u32::from(group.get(at).copied().unwrap_or(0)));
        for at in 0..=group.len() {
            let index = (bits >> (18 - 6 * at)) & 63;
            text.push(char::from(ALPHABET[index as usize]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thumbprint_is_the_one_of_rfc_8037() {
        let folder = std::env::temp_dir();
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        let expected = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
        assert_eq!(thumbprint(x, &folder).unwrap(), expected);
    }

    #[test]
    fn base64url_has_no_padding() {
        assert_eq!(base64url(b""), "");
        assert_eq!(base64url(b"f"), "Zg");
        assert_eq!(base64url(b"fo"), "Zm8");
        assert_eq!(base64url(b"foo"), "Zm9v");
        assert_eq!(base64url(&[0xfb, 0xff]), "-_8");
    }
}
