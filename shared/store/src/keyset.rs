//! Lists that go on where the last page ended, however much was written in between.

use bson::{Bson, Document, doc};

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
