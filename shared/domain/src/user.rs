//! Accounts, and the mailed tokens that belong to them.

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use super::session::{Session, SessionFamily};
use super::{Currency, Email, Id, Timestamp, cart::Cart, secret_hash::sha256_hex};

/// What an account may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Buys.
    Customer,
    /// Sells own products.
    Seller,
    /// Runs the shop.
    Admin,
}

impl Role {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Seller => "seller",
            Self::Admin => "admin",
        }
    }
}

/// An account.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// Its id.
    #[serde(rename = "_id")]
    pub id: Id<User>,
    /// Unique.
    pub email: Email,
    /// Unique where given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Argon2id, in PHC string format.
    pub password: PasswordHash,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// What they may do.
    pub role: Role,
    /// E.164.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// URL of the profile image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar: Option<String>,
    /// Whether the mailed token came back.
    pub is_email_verified: bool,
    /// Inactive accounts cannot log in.
    pub is_active: bool,
    /// When they last logged in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_login: Option<Timestamp>,
    /// What they like.
    pub preferences: Preferences,
    /// The gateway's id of the customer, who owns the saved payment methods there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway_customer: Option<String>,
    /// When the account was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl User {
    /// A new, active, unverified account with the default preferences.
    pub fn new(
        email: Email,
        password: PasswordHash,
        first_name: String,
        last_name: String,
        role: Role,
        now: Timestamp,
    ) -> Self {
        Self {
            id: Id::new(),
            email,
            username: None,
            password,
            first_name,
            last_name,
            role,
            phone_number: None,
            avatar: None,
            is_email_verified: false,
            is_active: true,
            last_login: None,
            preferences: Preferences::default(),
            gateway_customer: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// The mailbox is theirs.
    pub const fn verify_email(&mut self, now: Timestamp) {
        self.is_email_verified = true;
        self.updated_at = now;
    }

    /// Whether mails may be sent to them that nothing they did requires: they want them, and the mailbox is theirs.
    pub const fn takes_reminders(&self) -> bool {
        self.is_active && self.is_email_verified && self.preferences.notifications
    }

    /// Has another password from now on. All sessions end with this.
    pub fn set_password(&mut self, password: PasswordHash, now: Timestamp) {
        self.password = password;
        self.updated_at = now;
    }
}

/// What a user likes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Preferences {
    /// Wants the newsletter.
    pub newsletter: bool,
    /// Wants mails that no order requires.
    pub notifications: bool,
    /// BCP 47.
    pub language: String,
    /// What prices are shown in.
    pub currency: Currency,
}

impl Default for Preferences {
    fn default() -> Self {
        Self { newsletter: true, notifications: true, language: "en".to_owned(), currency: Currency::USD }
    }
}

/// A password hash in PHC string format. Hides itself in logs.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Wraps a PHC string.
    pub const fn from_phc(phc: String) -> Self {
        Self(phc)
    }

    /// The PHC string, for the verifier.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// What a mailed token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TokenPurpose {
    /// Proves that the mailbox is theirs.
    VerifyEmail,
    /// Lets them choose a new password.
    ResetPassword,
    /// Shows the lines of a cart that they left. It does not log in.
    ResumeCart,
}

impl TokenPurpose {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verifyEmail",
            Self::ResetPassword => "resetPassword",
            Self::ResumeCart => "resumeCart",
        }
    }

    /// How long such a token works.
    pub const fn lifetime(self) -> Duration {
        match self {
            Self::VerifyEmail => Duration::from_secs(24 * 60 * 60),
            Self::ResetPassword => Duration::from_secs(30 * 60),
            Self::ResumeCart => Duration::from_secs(7 * 24 * 60 * 60),
        }
    }
}

/// A mailed token. It is used once, except for that of a cart, which shows the same however often it is used.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MailedToken {
    /// SHA-256 of the token, hex.
    #[serde(rename = "_id")]
    pub token_hash: String,
    /// Who may use it.
    pub user: Id<User>,
    /// For what.
    pub purpose: TokenPurpose,
    /// Which cart, if it is for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cart: Option<Id<Cart>>,
    /// When it stops working; the document is removed then.
    pub expires_at: Timestamp,
}

impl MailedToken {
    /// What is stored of a token that is mailed now.
    pub fn new(token: &str, user: Id<User>, purpose: TokenPurpose, now: Timestamp) -> Self {
        Self { token_hash: sha256_hex(token), user, purpose, cart: None, expires_at: now.plus(purpose.lifetime()) }
    }

    /// What is stored of a token that leads its owner back to a cart.
    pub fn for_cart(token: &str, user: Id<User>, cart: Id<Cart>, now: Timestamp) -> Self {
        Self { cart: Some(cart), ..Self::new(token, user, TokenPurpose::ResumeCart, now) }
    }

    /// When it was mailed.
    pub fn mailed_at(&self) -> Timestamp {
        self.expires_at.minus(self.purpose.lifetime())
    }
}
