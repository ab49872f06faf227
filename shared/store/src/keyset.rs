//! Lists that go on where the last page ended, however much was written in between.

use bson::{Bson, Document, doc, oid::ObjectId};
use serde::{Deserialize, Serialize};
use shop_domain::{Id, Money, Timestamp};

/// The order of a list: one field, and `_id` in the same direction, which makes it total.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keyset {
    /// The field.
    pub(super) field: &'static str,
    /// Smallest first.
    pub(super) ascending: bool,
}

impl Keyset {
    pub(super) const fn ascending(field: &'static str) -> Self {
        Self { field, ascending: true }
    }

    pub(super) const fn descending(field: &'static str) -> Self {
        Self { field, ascending: false }
    }

    /// The sort that the order is.
    pub(super) fn sort(self) -> Document {
        let direction = if self.ascending { 1 } else { -1 };
        doc! {self.field: direction, "_id": direction}
    }

    /// What comes behind the document with this value and this id.
    ///
    /// Written as one range with an exception at its edge: unlike a plain `$or` it bounds the index scan.
    pub(super) fn after(self, value: impl Into<Bson>, id: impl Into<Bson>) -> Document {
        let (beyond, from) = if self.ascending { ("$gt", "$gte") } else { ("$lt", "$lte") };
        let value = value.into();
        doc! {
            self.field: {from: value.clone()},
            "$or": [{self.field: {beyond: value}}, {"_id": {beyond: id.into()}}],
        }
    }
}

/// One order of a list of `T`s: the keyset, and a document's value in it.
pub(super) struct SortOrder<T> {
    keyset: Keyset,
    key: fn(&T) -> SortKey,
}

impl<T> SortOrder<T> {
    pub(super) const fn ascending(field: &'static str, key: fn(&T) -> SortKey) -> Self {
        Self { keyset: Keyset::ascending(field), key }
    }

    pub(super) const fn descending(field: &'static str, key: fn(&T) -> SortKey) -> Self {
        Self { keyset: Keyset::descending(field), key }
    }

    pub(super) fn sort(&self) -> Document {
        self.keyset.sort()
    }

    /// What follows the document that the cursor points at.
    pub(super) fn after<S>(&self, cursor: &Cursor<S>) -> Document {
        self.keyset.after(cursor.key.clone(), cursor.id)
    }

    /// The cursor that points at a document.
    pub(super) fn cursor<S, I>(&self, sort: S, document: &T, id: Id<I>) -> Cursor<S> {
        Cursor { sort, key: (self.key)(document), id: id.object_id() }
    }
}

/// Points at a document of a list; the next page begins behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor<S> {
    /// The order of the list.
    pub sort: S,
    key: SortKey,
    id: ObjectId,
}

/// The value that a document is sorted by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum SortKey {
    Time(Timestamp),
    Number(i64),
    /// The bits of a floating-point number: a decimal form could round it past its neighbour.
    Bits(u64),
    Text(String),
}

impl From<Timestamp> for SortKey {
    fn from(time: Timestamp) -> Self {
        Self::Time(time)
    }
}
impl From<i64> for SortKey {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}
impl From<Money> for SortKey {
    fn from(money: Money) -> Self {
        Self::Number(money.minor())
    }
}
impl From<f64> for SortKey {
    fn from(number: f64) -> Self {
        Self::Bits(number.to_bits())
    }
}
impl From<&str> for SortKey {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
impl From<SortKey> for Bson {
    fn from(key: SortKey) -> Self {
        match key {
            SortKey::Time(time) => time.into(),
            SortKey::Number(number) => number.into(),
            SortKey::Bits(bits) => f64::from_bits(bits).into(),
            SortKey::Text(text) => text.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_are_told_apart_by_their_id() {
        let newest = Keyset::descending("createdAt");
        assert_eq!(newest.sort(), doc! {"createdAt": -1, "_id": -1});
        assert_eq!(
            newest.after(7, 3),
            doc! {"createdAt": {"$lte": 7}, "$or": [{"createdAt": {"$lt": 7}}, {"_id": {"$lt": 3}}]}
        );
        let cheapest = Keyset::ascending("price");
        assert_eq!(cheapest.sort(), doc! {"price": 1, "_id": 1});
        assert_eq!(
            cheapest.after(7, 3),
            doc! {"price": {"$gte": 7}, "$or": [{"price": {"$gt": 7}}, {"_id": {"$gt": 3}}]}
        );
    }
}
