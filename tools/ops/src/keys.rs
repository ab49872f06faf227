//! The keys that sign and verify access tokens, and the data keys of sealed fields.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use base64::{Engine, prelude::BASE64_STANDARD};
use shared::{
    domain::{
        Random,
        sealing::{DATA_KEY_BYTES, is_key_id},
    },
    http::token::{Jwks, SigningKey},
};

const PRIVATE: &str = "access-token-signing-key.pem";
const PUBLIC: &str = "access-token-jwks.json";

/// The files of a new pair of keys.
#[derive(Clone, Debug)]
pub struct Written {
    /// The signing key, for the auth function only.
    pub private: PathBuf,
    /// The key set, for every function.
    pub public: PathBuf,
    /// The id of the new key.
    pub kid: String,
}

/// Generates a signing key and the set of public keys that verifies its tokens, as files in `folder`. The set also
/// trusts the keys of `trusting`, so that tokens signed with an older key stay valid during a rotation.
///
/// # Errors
/// If one of the files exists: a key is never overwritten.
pub fn generate(folder: &Path, trusting: Option<&Path>) -> Result<Written> {
    let mut keys = match trusting {
        Some(path) => read_keys(path).with_context(|| format!("reading {}", path.display()))?.keys,
        None => Vec::new(),
    };
    let pem = SigningKey::generate()?;
    let public = SigningKey::from_pem(&pem)?.jwks();
    let kid = public.keys.first().map(|key| key.kid.clone()).unwrap_or_default();
    keys.splice(..0, public.keys);
    let set = serde_json::to_string(&Jwks { keys })?;
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let written = Written { private: folder.join(PRIVATE), public: folder.join(PUBLIC), kid };
    // Only the owner may read the private key.
    write_new(&written.private, 0o600, &pem)?;
    if let Err(error) = write_new(&written.public, 0o644, &format!("{set}\n")) {
        // A private key without its public key cannot be used.
        fs::remove_file(&written.private)?;
        return Err(error);
    }
    Ok(written)
}

/// A new data key as `FIELD_KEYS` contains it.
///
/// # Errors
/// If the id cannot be one.
pub fn generate_field_key(id: &str, random: &Random) -> Result<String> {
    if !is_key_id(id) {
        bail!("the id of a key has 1 to 32 letters, digits, dashes and underscores");
    }
    Ok(format!("{id}:{}", BASE64_STANDARD.encode(random.bytes::<DATA_KEY_BYTES>())))
}

fn read_keys(path: &Path) -> Result<Jwks> {
    Ok(serde_json::from_str(&fs::read_to_string(path)?)?)
}

fn write_new(path: &Path, mode: u32, text: &str) -> Result<()> {
    let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    let mut file = file.with_context(|| format!("writing {}, which must not exist yet", path.display()))?;
    file.write_all(text.as_bytes())?;
    Ok(file.sync_all()?)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use shared::http::token::AccessTokens;

    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("ops-keys-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        folder
    }

    #[test]
    fn a_pair_fits_together_and_is_never_overwritten() {
        let folder = folder("once");
        let written = generate(&folder, None).unwrap();
        let key = SigningKey::from_pem(&fs::read_to_string(&written.private).unwrap()).unwrap();
        assert_eq!(read_keys(&written.public).unwrap(), key.jwks());
        assert_eq!(fs::metadata(&written.private).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(generate(&folder, None).is_err());
        assert_eq!(read_keys(&written.public).unwrap(), key.jwks());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_rotation_trusts_the_old_key_too() {
        let folder = folder("rotation");
        let old = generate(&folder.join("old"), None).unwrap();
        let new = generate(&folder.join("new"), Some(&old.public)).unwrap();
        let keys = read_keys(&new.public).unwrap();
        assert_eq!(keys.keys.iter().map(|key| &key.kid).collect::<Vec<_>>(), [&new.kid, &old.kid]);
        assert!(AccessTokens::trusting(&keys).is_ok());
        fs::remove_dir_all(folder).unwrap();
    }
}
