//! Wishlists.

use serde::{Deserialize, Serialize};

use super::{Id, Idempotent, Timestamp, product::Product, user::User};

/// The most lists that a customer keeps.
pub const MAX_LISTS: u64 = 50;

/// The most products that a list takes.
pub const MAX_ITEMS: usize = 500;

/// A list of products under a name.
///
/// The token of a public list lets its bearer read it. Of the token only the hash is kept (invariant I10), so it is told when
/// it is made and never again; sharing a list again makes another one, and the old link is dead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Wishlist {
    /// Its id.
    #[serde(rename = "_id")]
    pub id: Id<Wishlist>,
    /// Its owner.
    pub user: Id<User>,
    /// What they call it. Not unique.
    pub name: String,
    /// Each product once, in the order in which they were put in.
    pub items: Vec<WishlistItem>,
    /// Whether there is a `share_token`: stored because the seed does, held together by the collection's validator.
    pub is_public: bool,
    /// SHA-256 of the token by which others read it, hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share_token: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A product on a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WishlistItem {
    /// The product.
    pub product: Id<Product>,
    /// When it was put in.
    pub added_at: Timestamp,
    /// How much they want it.
    pub priority: Priority,
    /// For themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
}

/// The priority of an item: from 1, the highest, to 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Priority(i64);

/// The number is not a priority.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("a priority is a whole number from 1 to 5")]
pub struct InvalidPriority;

impl TryFrom<i64> for Priority {
    type Error = InvalidPriority;

    fn try_from(number: i64) -> Result<Self, InvalidPriority> {
        if (1..=5).contains(&number) { Ok(Self(number)) } else { Err(InvalidPriority) }
    }
}
impl From<Priority> for i64 {
    fn from(priority: Priority) -> Self {
        priority.0
    }
}
impl Default for Priority {
    /// The middle.
    fn default() -> Self {
        Self(3)
    }
}
impl utoipa::PartialSchema for Priority {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::Integer)
            .minimum(Some(1))
            .maximum(Some(5))
            .into()
    }
}
impl utoipa::ToSchema for Priority {
    fn name() -> std::borrow::Cow<'static, str> {
        "Priority".into()
    }
}

/// Why a list could not be changed.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum WishlistError {
    /// More than [`MAX_ITEMS`].
    #[error("a wishlist takes at most {MAX_ITEMS} products")]
    TooManyItems,
    /// The product is not on it.
    #[error("the product is not on the wishlist")]
    UnknownItem,
}

impl Wishlist {
    /// An empty private list.
    pub fn new(user: Id<User>, name: String, now: Timestamp) -> Self {
        Self {
            id: Id::new(),
            user,
            name,
            items: Vec::new(),
            is_public: false,
            share_token: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// Whether the product is on it.
    pub fn contains(&self, product: Id<Product>) -> bool {
        self.items.iter().any(|item| item.product == product)
    }

    /// Puts a product on it, or says something else about one that is: doing it twice is doing it once.
    pub fn put(
        &mut self,
        product: Id<Product>,
        priority: Priority,
        notes: Option<String>,
        now: Timestamp,
    ) -> Result<Idempotent, WishlistError> {
        if let Some(item) = self.items.iter_mut().find(|item| item.product == product) {
            if item.priority == priority && item.notes == notes {
                return Ok(Idempotent::AlreadyApplied);
            }
            (item.priority, item.notes) = (priority, notes);
        } else if self.items.len() >= MAX_ITEMS {
            return Err(WishlistError::TooManyItems);
        } else {
            self.items.push(WishlistItem { product, added_at: now, priority, notes });
        }
        self.updated_at = now;
        Ok(Idempotent::Executed)
    }

    /// Takes a product off it.
    pub fn remove(&mut self, product: Id<Product>, now: Timestamp) -> Idempotent {
        let before = self.items.len();
        self.items.retain(|item| item.product != product);
        if self.items.len() == before {
            return Idempotent::AlreadyApplied;
        }
        self.updated_at = now;
        Idempotent::Executed
    }

    /// Gives it another name.
    pub fn rename(&mut self, name: String, now: Timestamp) {
        self.name = name;
        self.updated_at = now;
    }

    /// Lets everybody read it who has the token of this hash. Another token that let them before does so no longer.
    pub fn share(&mut self, token_hash: String, now: Timestamp) {
        self.is_public = true;
        self.share_token = Some(token_hash);
        self.updated_at = now;
    }

    /// Hides it from everybody else. Its link is dead for good.
    pub fn unshare(&mut self, now: Timestamp) {
        self.is_public = false;
        self.share_token = None;
        self.updated_at = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(0);
    const LATER: Timestamp = Timestamp::from_millis(1000);

    fn list() -> Wishlist {
        Wishlist::new(Id::new(), "Birthday".to_owned(), NOW)
    }

    #[test]
    fn a_product_is_on_a_list_once() {
        let (mut list, mug) = (list(), Id::new());
        let first = Priority::try_from(1).unwrap();
        assert_eq!(list.put(mug, Priority::default(), None, NOW), Ok(Idempotent::Executed));
        assert_eq!(list.put(mug, Priority::default(), None, LATER), Ok(Idempotent::AlreadyApplied));
        assert_eq!(list.put(mug, first, Some("blue".to_owned()), LATER), Ok(Idempotent::Executed));
        assert_eq!(
            list.items,
            [WishlistItem { product: mug, added_at: NOW, priority: first, notes: Some("blue".to_owned()) }]
        );
        assert_eq!(list.updated_at, LATER);
        assert_eq!(
            (list.remove(mug, LATER), list.remove(mug, LATER)),
            (Idempotent::Executed, Idempotent::AlreadyApplied)
        );
    }

    #[test]
    fn a_full_list_takes_nothing_more_but_can_be_changed() {
        let mut list = list();
        for _ in 0..MAX_ITEMS {
            let _ = list.put(Id::new(), Priority::default(), None, NOW).unwrap();
        }
        assert_eq!(list.put(Id::new(), Priority::default(), None, NOW), Err(WishlistError::TooManyItems));
        let first = list.items[0].product;
        assert_eq!(list.put(first, Priority::default(), Some("!".to_owned()), NOW), Ok(Idempotent::Executed));
    }

    #[test]
    fn a_list_is_public_as_long_as_it_has_a_token() {
        let mut list = list();
        list.share("hash".to_owned(), NOW);
        assert!(list.is_public && list.share_token.is_some());
        list.unshare(NOW);
        assert!(!list.is_public && list.share_token.is_none());
    }

    #[test]
    fn a_priority_is_from_1_to_5() {
        assert!(Priority::try_from(1).is_ok() && Priority::try_from(5).is_ok());
        for number in [0, 6, -1] {
            assert_eq!(Priority::try_from(number), Err(InvalidPriority), "{number}");
        }
    }
}
