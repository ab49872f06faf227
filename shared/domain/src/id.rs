//! Typed ids: `Id<Order>` is not an `Id<Product>`.

use std::{fmt, hash::Hash, hash::Hasher, marker::PhantomData, str::FromStr};

use bson::{Bson, oid::ObjectId};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{
    address::SavedAddress,
    cart::{Cart, CartItem},
    category::Category,
    coupon::Coupon,
    message::Message,
    order::{Order, OrderItem, Return},
    payment::{Capture, Payment, Refund},
    product::Product,
    review::Review,
    saved_method::SavedMethod,
    session::{Session, SessionFamily},
    user::User,
    wishlist::Wishlist,
};

/// What an id can be of.
pub trait Kind {
    /// As messages to people call it.
    const NAME: &'static str;
}

macro_rules! kinds {
    ($($kind:ty: $name:literal),+ $(,)?) => {
        $(impl Kind for $kind {
            const NAME: &'static str = $name;
        })+
    };
}

// The registry: an id of anything else does not compile.
kinds! {
    User: "user",
    Session: "session",
    SessionFamily: "login",
    SavedAddress: "address",
    Product: "product",
    Category: "category",
    Cart: "cart",
    CartItem: "cart item",
    Wishlist: "wishlist",
    Coupon: "coupon",
    Order: "order",
    OrderItem: "order line",
    Return: "return",
    Payment: "payment",
    Refund: "refund",
    SavedMethod: "payment method",
    Capture: "capture",
    Review: "review",
    Message: "message",
    // Where the kind does not matter.
    (): "id",
}

/// The id of a `T`: 24 hex digits in JSON, an `ObjectId` in BSON.
pub struct Id<T> {
    value: ObjectId,
    of: PhantomData<fn() -> T>,
}

/// The text is not 24 hex digits.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("an id is 24 hexadecimal digits")]
pub struct InvalidId;

impl<T: Kind> Id<T> {
    /// A new id, unique across processes.
    #[expect(
        clippy::disallowed_methods,
        clippy::new_without_default,
        reason = "this is where ids come from, and an id has no default"
    )]
    pub fn new() -> Self {
        Self::from_object_id(ObjectId::new())
    }

    /// The id with these bytes, for what must exist once.
    pub const fn from_bytes(bytes: [u8; 12]) -> Self {
        Self::from_object_id(ObjectId::from_bytes(bytes))
    }

    /// The id with this BSON value.
    pub const fn from_object_id(value: ObjectId) -> Self {
        Self { value, of: PhantomData }
    }
}

impl<T> Id<T> {
    /// The BSON value.
    pub const fn object_id(self) -> ObjectId {
        self.value
    }
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Id<T> {}
impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}
impl<T> Eq for Id<T> {}
impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.value.cmp(&other.value)
    }
}
impl<T> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.value.hash(state);
    }
}
impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl<T> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.value.to_hex())
    }
}
impl<T: Kind> FromStr for Id<T> {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        ObjectId::parse_str(text).map(Self::from_object_id).map_err(|_| InvalidId)
    }
}
impl<T> From<Id<T>> for Bson {
    fn from(id: Id<T>) -> Self {
        Self::ObjectId(id.value)
    }
}

impl<T> Serialize for Id<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_str(self) } else { self.value.serialize(serializer) }
    }
}

impl<'de, T: Kind> Deserialize<'de> for Id<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
        } else {
            ObjectId::deserialize(deserializer).map(Self::from_object_id)
        }
    }
}

impl<T> utoipa::PartialSchema for Id<T> {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .pattern(Some("^[0-9a-f]{24}$"))
            .into()
    }
}
impl<T> utoipa::ToSchema for Id<T> {
    fn name() -> std::borrow::Cow<'static, str> {
        "Id".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_hex_in_json_and_an_object_id_in_bson() {
        let id: Id<Order> = "507f1f77bcf86cd799439011".parse().unwrap();
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"507f1f77bcf86cd799439011\"");
        #[derive(Serialize)]
        struct Doc {
            id: Id<Order>,
        }
        let bytes = bson::serialize_to_vec(&Doc { id }).unwrap();
        let document: bson::Document = bson::deserialize_from_slice(&bytes).unwrap();
        assert_eq!(document.get_object_id("id").unwrap(), id.object_id());
    }

    #[test]
    fn anything_else_is_no_id() {
        for text in ["", "x", "507f1f77bcf86cd79943901", "507f1f77bcf86cd79943901g", "{\"$gt\":\"\"}"] {
            assert_eq!(text.parse::<Id<Order>>(), Err(InvalidId));
        }
    }
}
