//! The words that the validators and indexes are written in.

use std::time::Duration;

use bson::{Bson, Document, doc};
use mongodb::{IndexModel, options::IndexOptions};

/// A document with at least the fields whose names `required` lists, each field like this where it is there.
pub(super) fn object(required: &str, properties: Document) -> Document {
    let mut schema = doc! {"bsonType": "object", "properties": properties};
    let required: Vec<&str> = required.split_whitespace().collect();
    if !required.is_empty() {
        // The server refuses an empty list.
        schema.insert("required", required);
    }
    schema
}

/// A whole document: the fields that `required` lists are in it, and the `rules` (aggregation expressions) hold.
pub(super) fn validator(required: &str, properties: Document, rules: &[Document]) -> Document {
    let mut validator = doc! {"$jsonSchema": object(required, properties)};
    if !rules.is_empty() {
        validator.insert("$expr", doc! {"$and": rules.to_vec()});
    }
    validator
}

/// Text.
pub(super) fn text() -> Document {
    doc! {"bsonType": "string"}
}

/// Text that is not empty.
pub(super) fn word() -> Document {
    doc! {"bsonType": "string", "minLength": 1}
}

/// Text that looks like this.
pub(super) fn text_like(pattern: &str) -> Document {
    doc! {"bsonType": "string", "pattern": pattern}
}

/// A SHA-256 in hex: where it stands, the secret itself does not.
pub(super) fn sha256() -> Document {
    text_like("^[0-9a-f]{64}$")
}

/// A sealed value: the id of its key, and at least a nonce and a tag in base64url.
pub(super) fn sealed() -> Document {
    text_like("^[A-Za-z0-9_-]{1,32}:[A-Za-z0-9_-]{38,}$")
}

/// An ISO 4217 code.
pub(super) fn currency() -> Document {
    text_like("^[A-Z]{3}$")
}

/// A stock-keeping unit.
pub(super) fn sku() -> Document {
    text_like("^[A-Za-z0-9._-]{1,64}$")
}

/// One of a closed set of words.
pub(super) fn one_of(words: &[&str]) -> Document {
    doc! {"enum": words}
}

/// A whole number. Never a double: money and stock are counted.
pub(super) fn int() -> Document {
    doc! {"bsonType": ["int", "long"]}
}

/// A whole number from `minimum`.
pub(super) fn int_from(minimum: i64) -> Document {
    doc! {"bsonType": ["int", "long"], "minimum": minimum}
}

/// A number with a fraction; a whole one may have been stored as such.
pub(super) fn number() -> Document {
    doc! {"bsonType": ["double", "int", "long"]}
}

/// A flag.
pub(super) fn flag() -> Document {
    doc! {"bsonType": "bool"}
}

/// A point in time.
pub(super) fn date() -> Document {
    doc! {"bsonType": "date"}
}

/// The id of a document.
pub(super) fn id() -> Document {
    doc! {"bsonType": "objectId"}
}

/// The id of a document, or null.
pub(super) fn id_or_null() -> Document {
    doc! {"bsonType": ["objectId", "null"]}
}

/// A list of these.
pub(super) fn list_of(items: Document) -> Document {
    doc! {"bsonType": "array", "items": items}
}

/// A list of at least one of these.
pub(super) fn some_of(items: Document) -> Document {
    doc! {"bsonType": "array", "minItems": 1, "items": items}
}

/// An index, named as the server would name it: the code tells duplicates apart by that name.
pub(super) fn index(keys: Document) -> IndexModel {
    indexed(keys, IndexOptions::default())
}

/// At most one document for each value.
pub(super) fn unique(keys: Document) -> IndexModel {
    indexed(keys, IndexOptions::builder().unique(true).build())
}

/// At most one document for each value, where there is one.
pub(super) fn unique_sparse(keys: Document) -> IndexModel {
    indexed(keys, IndexOptions::builder().unique(true).sparse(true).build())
}

/// At most one document for each value, among those that match `filter`.
pub(super) fn unique_where(keys: Document, filter: Document) -> IndexModel {
    indexed(keys, IndexOptions::builder().unique(true).partial_filter_expression(filter).build())
}

/// An index of the documents that match `filter`.
pub(super) fn index_where(keys: Document, filter: Document) -> IndexModel {
    indexed(keys, IndexOptions::builder().partial_filter_expression(filter).build())
}

/// An index by which the server removes documents once `field` is this long ago.
pub(super) fn removed_after(field: &str, age: Duration) -> IndexModel {
    indexed(doc! {field: 1}, IndexOptions::builder().expire_after(age).build())
}

pub(super) fn indexed(keys: Document, mut options: IndexOptions) -> IndexModel {
    options.name = Some(default_name(&keys));
    IndexModel::builder().keys(keys).options(options).build()
}

/// `email_1`, `user_1_createdAt_-1`, `name_text`.
fn default_name(keys: &Document) -> String {
    let parts = keys.iter().map(|(field, kind)| match kind {
        Bson::String(kind) => format!("{field}_{kind}"),
        other => format!("{field}_{other}"),
    });
    parts.collect::<Vec<_>>().join("_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indexes_are_named_as_the_server_would_name_them() {
        assert_eq!(default_name(&doc! {"user": 1, "createdAt": -1}), "user_1_createdAt_-1");
        assert_eq!(default_name(&doc! {"price.regular": 1}), "price.regular_1");
        assert_eq!(default_name(&doc! {"name": "text", "tags": "text"}), "name_text_tags_text");
    }
}
