//! Creates accounts without registration.

use anyhow::{Context as _, Result, bail};
use shared::{
    domain::{
        Clock, Email, Random,
        password::Password,
        user::{Role, User},
    },
    password::Passwords,
    store::{Store, StoreError, users::EMAIL_INDEX},
};

/// The account.
#[derive(Clone, Debug)]
pub struct Account {
    /// The address to log in with.
    pub email: Email,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// The role.
    pub role: Role,
}

/// The account with this address, created if there is none. An existing one is not changed.
pub(crate) async fn ensure(
    store: &Store,
    clock: &Clock,
    passwords: &Passwords,
    account: &Account,
    password: &str,
) -> Result<User> {
    if let Some(found) = store.users.find_by_email(&account.email).await? {
        return Ok(found.into_inner());
    }
    let user = new(clock, passwords, account, password).await?;
    match store.users.insert(&user).await {
        Ok(()) => Ok(user),
        Err(error) if error.is_duplicate_of(EMAIL_INDEX) => {
            let found = store.users.find_by_email(&account.email).await?;
            Ok(found.context("the account that was just there is gone")?.into_inner())
        }
        Err(error) => Err(error.into()),
    }
}

/// Creates an account with a role that registration does not give.
///
/// # Errors
/// If the address has an account already, whose role must not change by mistake; or if the password is too weak.
pub async fn create(store: &Store, clock: &Clock, account: &Account, password: &str) -> Result<User> {
    let address = account.email.expose();
    if let Some(found) = store.users.find_by_email(&account.email).await? {
        bail!("{address} has an account already, as {}; an administrator can change its role", found.role.as_str());
    }
    let user = new(clock, &Passwords::for_this_machine(Random::from_os()), account, password).await?;
    match store.users.insert(&user).await {
        Ok(()) => Ok(user),
        Err(StoreError::Duplicate { .. }) => bail!("{address} has an account already"),
        Err(error) => Err(error.into()),
    }
}

async fn new(clock: &Clock, passwords: &Passwords, account: &Account, password: &str) -> Result<User> {
    let password = Password::try_new(password).map_err(|weak| anyhow::anyhow!("the password {weak}"))?;
    let hash = passwords.hash(&password).await?;
    let Account { email, first_name, last_name, role } = account.clone();
    let now = clock.now();
    let mut user = User::new(email, hash, first_name, last_name, role, now);
    // The operator vouches for the address.
    user.verify_email(now);
    Ok(user)
}
