//! What the shop shows.

use bson::{Document, doc};
use mongodb::{
    IndexModel,
    options::{Collation, IndexOptions},
};

use super::{
    Spec,
    vocabulary::{
        currency, date, flag, id, id_or_null, index, index_where, indexed, int, int_from, list_of, number, object,
        one_of, sku, text, text_like, unique, unique_where, validator, word,
    },
};

pub(super) fn specs() -> Vec<Spec> {
    vec![categories(), products()]
}

fn slug() -> Document {
    text_like("^[a-z0-9]+(-[a-z0-9]+)*$")
}

fn categories() -> Spec {
    let metadata = doc! {"seoTitle": text(), "seoDescription": text(), "keywords": list_of(text())};
    let properties = doc! {
        "name": word(),
        "slug": slug(),
        "description": text(),
        "parent": id_or_null(),
        "ancestors": {"bsonType": "array", "minItems": 1, "items": id()},
        "path": word(),
        "level": int_from(0),
        "order": int(),
        "image": text(),
        "icon": text(),
        "isActive": flag(),
        "metadata": object("", metadata),
        "productCount": int_from(0),
        "version": int(),
        "schemaVersion": int(),
        "createdAt": date(),
        "updatedAt": date(),
    };
    let required = "name slug parent ancestors path level order isActive productCount version schemaVersion createdAt \
         updatedAt";
    // The path ends in the node itself, and its length is the level (I8).
    let rules = [
        doc! {"$eq": [{"$last": "$ancestors"}, "$_id"]},
        doc! {"$eq": [{"$size": "$ancestors"}, {"$add": ["$level", 1]}]},
    ];
    Spec {
        name: "categories",
        validator: validator(required, properties, &rules),
        indexes: vec![
            unique(doc! {"slug": 1}),
            index(doc! {"parent": 1}),
            index(doc! {"level": 1}),
            index(doc! {"order": 1}),
            index(doc! {"isActive": 1}),
            unique(doc! {"parent": 1, "name": 1}),
            index(doc! {"path": 1}),
            index(doc! {"ancestors": 1}),
        ],
    }
}

fn products() -> Spec {
    let required = "name slug description sku category categoryPath price inventory images specifications ratings seller \
         status featured tags variants totalSold isActive version schemaVersion createdAt updatedAt";
    let properties = doc! {
        "name": {"bsonType": "string", "minLength": 3, "maxLength": 200},
        "slug": slug(),
        "description": text(),
        "shortDescription": text(),
        "sku": sku(),
        "category": id_or_null(),
        "categoryPath": list_of(id()),
        "subcategory": text(),
        "brand": text(),
        "price": object(
            "regular currency effective",
            doc! {"regular": int_from(0), "sale": int_from(0), "currency": currency(), "effective": int_from(0)},
        ),
        "inventory": object("lowStockThreshold allowBackorder", stock_policy()),
        "images": list_of(object("url", doc! {"url": text(), "alt": text(), "isPrimary": flag()})),
        "specifications": {"bsonType": "object", "additionalProperties": text()},
        "dimensions": object("", doc! {"weight": number(), "length": number(), "width": number(), "height": number()}),
        "shipping": object(
            "",
            doc! {
                "freeShipping": flag(), "shippingClass": one_of(&["standard", "express", "overnight"]), "estimatedDays": int(),
            },
        ),
        "seo": object("", doc! {"title": text(), "description": text(), "keywords": list_of(text())}),
        "ratings": object(
            "sum count average",
            doc! {
                "sum": int_from(0), "count": int_from(0),
                "average": {"bsonType": ["double", "int", "long"], "minimum": 0, "maximum": 5},
            },
        ),
        "seller": id(),
        "status": one_of(&["draft", "published", "archived"]),
        "featured": flag(),
        "tags": list_of(text()),
        "options": list_of(object("name values", doc! {"name": text(), "values": list_of(text())})),
        "variants": list_of(object(
            "sku choices priceModifier",
            doc! {
                "sku": sku(), "choices": {"bsonType": "object", "additionalProperties": text()}, "priceModifier": int(),
            },
        )),
        "relatedProducts": list_of(id()),
        "totalSold": int_from(0),
        "isActive": flag(),
        "version": int(),
        "schemaVersion": int(),
        "createdAt": date(),
        "updatedAt": date(),
    };
    let rules = [
        // Filters and sorts use the effective price, so it has to be the one that is charged.
        doc! {"$eq": ["$price.effective", {"$ifNull": ["$price.sale", "$price.regular"]}]},
        doc! {"$lt": [{"$ifNull": ["$price.sale", -1]}, "$price.regular"]},
        // Every review gives one to five stars.
        doc! {"$and": [
            {"$gte": ["$ratings.sum", "$ratings.count"]},
            {"$lte": ["$ratings.sum", {"$multiply": ["$ratings.count", 5]}]},
        ]},
    ];
    Spec { name: "products", validator: validator(required, properties, &rules), indexes: product_indexes() }
}

/// What an inventory record copies from its product.
pub(super) fn stock_policy() -> Document {
    doc! {"lowStockThreshold": int_from(0), "allowBackorder": flag(), "backorderLimit": int_from(0)}
}

/// The seed's, and one for each order in which lists can be asked for. The public sees published, active products only, so
/// these two come first; `_id` makes the order total, so that a cursor can continue behind any row. Lists that descend
/// read the same index backwards.
fn product_indexes() -> Vec<IndexModel> {
    let seed = [
        doc! {"name": 1},
        doc! {"category": 1},
        doc! {"price.regular": 1},
        doc! {"ratings.average": -1},
        doc! {"status": 1, "isActive": 1},
        doc! {"featured": 1},
        doc! {"seller": 1},
        doc! {"tags": 1},
        doc! {"createdAt": -1},
    ];
    let mut indexes = vec![
        unique(doc! {"slug": 1}),
        unique(doc! {"sku": 1}),
        // Products without variants have no such key, which a plain unique index would take for a common one.
        unique_where(doc! {"variants.sku": 1}, doc! {"variants.sku": {"$exists": true}}),
        full_text(),
    ];
    indexes.extend(seed.map(index));
    for behind in [doc! {}, doc! {"categoryPath": 1}] {
        for key in ["createdAt", "ratings.average", "totalSold"] {
            indexes.push(index(listed(&behind, key)));
        }
        // Prices are compared within one currency.
        let mut in_currency = behind.clone();
        in_currency.extend(doc! {"price.currency": 1});
        indexes.push(index(listed(&in_currency, "price.effective")));
        indexes.push(in_order_of_names(listed(&behind, "name")));
    }
    indexes.extend([
        index(doc! {"brand": 1, "status": 1, "isActive": 1, "createdAt": 1, "_id": 1}),
        index(doc! {"tags": 1, "status": 1, "isActive": 1, "createdAt": 1, "_id": 1}),
        // The front page. Few are on it, so few are in it.
        index_where(
            doc! {"featured": 1, "status": 1, "isActive": 1, "createdAt": 1, "_id": 1},
            doc! {"featured": true},
        ),
        index(doc! {"seller": 1, "status": 1, "createdAt": 1, "_id": 1}),
        index(doc! {"status": 1, "createdAt": 1, "_id": 1}),
    ]);
    indexes
}

fn listed(behind: &Document, key: &str) -> Document {
    let mut keys = behind.clone();
    keys.extend(doc! {"status": 1, "isActive": 1, key: 1, "_id": 1});
    keys
}

/// `apple` stands before `Zebra`. Only queries with the same collation can use it.
fn in_order_of_names(keys: Document) -> IndexModel {
    let english = Collation::builder().locale("en").build();
    indexed(keys, IndexOptions::builder().collation(english).build())
}

fn full_text() -> IndexModel {
    let options = IndexOptions::builder()
        .weights(doc! {"name": 10, "tags": 5, "description": 1})
        .default_language("english".to_owned())
        // By default a field `language` decides, wherever a seller writes one, and an unknown language refuses the product.
        .language_override("textIndexLanguage".to_owned())
        .build();
    indexed(doc! {"name": "text", "description": "text", "tags": "text"}, options)
}
