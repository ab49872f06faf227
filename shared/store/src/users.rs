//! `users`.

use std::ops::Deref;

use bson::{Document, doc};
use mongodb::Database;

use super::{Documents, StoreError, Stored, Tx, Versioned, keyset::Keyset};
use shop_domain::{
    Email, Id, Timestamp,
    user::{PasswordHash, Role, User},
};

/// The unique index on the e-mail address.
pub const EMAIL_INDEX: &str = "email_1";
/// The unique index on the username.
pub const USERNAME_INDEX: &str = "username_1";

const NEWEST_FIRST: Keyset = Keyset::descending("createdAt");

/// The collection `users`.
#[derive(Clone, Debug)]
pub struct Users(Documents<User>);

impl Stored for User {
    const COLLECTION: &'static str = "users";

    fn id(&self) -> Id<Self> {
        self.id
    }
}

impl Deref for Users {
    type Target = Documents<User>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// Which users a list holds.
#[derive(Clone, Debug, Default)]
pub struct UserFilter {
    /// Begins one of their names, their username or their e-mail address, in any case.
    pub text: Option<String>,
    /// Have this role.
    pub role: Option<Role>,
    /// May, or may not, log in.
    pub is_active: Option<bool>,
}

impl UserFilter {
    fn document(&self) -> Document {
        let mut filter = Document::new();
        if let Some(role) = self.role {
            filter.insert("role", role.as_str());
        }
        if let Some(is_active) = self.is_active {
            filter.insert("isActive", is_active);
        }
        if let Some(text) = &self.text {
            let begins =
                |text: String, options: &str| doc! {"$regex": format!("^{}", literal(&text)), "$options": options};
            // Addresses and usernames are in lower case already, so that their indexes can help.
            let exact = begins(text.to_lowercase(), "");
            let any_case = begins(text.clone(), "i");
            filter.insert(
                "$or",
                vec![
                    doc! {"email": exact.clone()},
                    doc! {"username": exact},
                    doc! {"firstName": any_case.clone()},
                    doc! {"lastName": any_case},
                ],
            );
        }
        filter
    }
}

/// The text as a regular expression that matches it and nothing else.
fn literal(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() * 2);
    for character in text.chars() {
        if character.is_ascii_punctuation() {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}

impl Users {
    pub(super) fn new(database: &Database) -> Self {
        Self(Documents::new(database))
    }

    /// The user with this address.
    pub async fn find_by_email(&self, email: &Email) -> Result<Option<Versioned<User>>, StoreError> {
        Ok(self.collection.find_one(doc! {"email": email}).await?)
    }

    /// Whether an account has this username.
    pub async fn has_username(&self, username: &str) -> Result<bool, StoreError> {
        Ok(self.collection.find_one(doc! {"username": username}).await?.is_some())
    }

    /// Records a login, provided that the user is still active and still has the password that was proven.
    pub async fn record_login_in(
        &self,
        tx: &mut Tx,
        id: Id<User>,
        proven: &PasswordHash,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let filter = doc! {"_id": id, "password": proven.expose(), "isActive": true};
        let update = doc! {"$set": {"lastLogin": now}, "$inc": {"version": 1}};
        let result = self.collection.update_one(filter, update).session(&mut tx.session).await?;
        Ok(result.matched_count == 1)
    }

    /// Replaces the hash of a password by another of the same password, unless it has changed since.
    pub async fn rehash(&self, id: Id<User>, old: &PasswordHash, new: &PasswordHash) -> Result<(), StoreError> {
        let filter = doc! {"_id": id, "password": old.expose()};
        self.collection.update_one(filter, doc! {"$set": {"password": new.expose()}, "$inc": {"version": 1}}).await?;
        Ok(())
    }

    /// Records the user's customer at the gateway, unless there is one, or another one than is replaced. Answers the recorded
    /// one; `None` without such a user.
    pub async fn set_gateway_customer(
        &self,
        id: Id<User>,
        customer: &str,
        replaces: Option<&str>,
    ) -> Result<Option<String>, StoreError> {
        // Null matches a field that does not exist.
        let filter = doc! {"_id": id, "gatewayCustomer": replaces};
        let update = doc! {"$set": {"gatewayCustomer": customer}, "$inc": {"version": 1}};
        self.collection.update_one(filter, update).await?;
        Ok(self.find(id).await?.and_then(|user| user.into_inner().gateway_customer))
    }

    /// Serialises with every other transaction that writes this user; false if there is no such user. For what
    /// belongs to a user and has rules across documents.
    pub async fn lock_in(&self, tx: &mut Tx, id: Id<User>) -> Result<bool, StoreError> {
        let update = doc! {"$inc": {"version": 1}};
        let result = self.collection.update_one(doc! {"_id": id}, update).session(&mut tx.session).await?;
        Ok(result.matched_count == 1)
    }

    /// Users, the newest first, behind the one that `after` names.
    pub async fn list(
        &self,
        filter: &UserFilter,
        after: Option<(Timestamp, Id<User>)>,
        limit: i64,
    ) -> Result<Vec<User>, StoreError> {
        let mut conditions = vec![filter.document()];
        if let Some((created_at, id)) = after {
            conditions.push(NEWEST_FIRST.after(created_at, id));
        }
        let find = self.collection.find(doc! {"$and": conditions}).sort(NEWEST_FIRST.sort()).limit(limit);
        self.collect(find).await
    }

    /// How many users there are.
    pub async fn count(&self, filter: &UserFilter) -> Result<u64, StoreError> {
        Ok(self.collection.count_documents(filter.document()).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_term_is_never_a_pattern() {
        assert_eq!(literal("a.*[b]$"), r"a\.\*\[b\]\$");
        assert_eq!(literal("žluť 1"), "žluť 1");
    }
}
