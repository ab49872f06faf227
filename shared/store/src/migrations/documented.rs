//! Holds `docs/DATA-MODEL.md` and the seed's list of indexes together with what the migrations make.

use std::{fmt::Write as _, path::Path};

use bson::{Bson, Document};
use mongodb::{IndexModel, options::IndexOptions};

use super::{m0001_collections::specs, specs::Spec};

/// The indexes of the seed documents, by collection; `!` marks those that have to be unique.
const SEED: &[(&str, &str)] = &[
    ("users", "email_1! username_1! role_1 isActive_1 createdAt_-1"),
    (
        "products",
        "name_1 slug_1! sku_1! category_1 price.regular_1 ratings.average_-1 status_1_isActive_1 featured_1 seller_1 tags_1 \
         createdAt_-1 name_text_description_text_tags_text",
    ),
    ("categories", "slug_1! parent_1 level_1 order_1 isActive_1"),
    ("orders", "orderNumber_1! user_1_createdAt_-1 status_1 tracking.trackingNumber_1 createdAt_-1 items.product_1"),
    ("payments", "order_1 user_1 transactionId_1! status_1 createdAt_-1"),
    ("carts", "user_1! sessionId_1 status_1 expiresAt_1 lastActivity_-1"),
    ("reviews", "product_1_createdAt_-1 user_1 rating_1 status_1 isVerifiedPurchase_1 helpful.count_-1"),
    ("addresses", "user_1 user_1_isDefault_1 postalCode_1"),
    ("coupons", "code_1! isActive_1_validFrom_1_validUntil_1 applicableProducts_1 applicableCategories_1"),
    ("wishlists", "user_1 shareToken_1!"),
];

const BEGIN: &str = "<!-- written by `UPDATE_DOCS=1 cargo test -p shop-store documented`: from here -->\n";
const END: &str = "<!-- to here -->\n";

fn options(index: &IndexModel) -> IndexOptions {
    index.options.clone().unwrap_or_default()
}

fn name(index: &IndexModel) -> String {
    options(index).name.unwrap_or_default()
}

fn seed_of(collection: &str) -> Vec<&'static str> {
    let of_collection = SEED.iter().filter(|(name, _)| *name == collection);
    of_collection.flat_map(|(_, indexes)| indexes.split_whitespace()).collect()
}

#[test]
fn every_index_of_the_seed_is_made() {
    for (collection, _) in SEED {
        let spec = specs().find(|spec| spec.name == *collection).unwrap();
        for wanted in seed_of(collection) {
            let found = spec.indexes.iter().find(|index| name(index) == wanted.trim_end_matches('!'));
            let found = found.unwrap_or_else(|| panic!("{collection} lacks {wanted}"));
            assert!(!wanted.ends_with('!') || options(found).unique == Some(true), "{collection} {wanted}");
        }
    }
}

#[test]
fn no_two_indexes_of_a_collection_share_a_name() {
    for spec in specs() {
        let mut names: Vec<String> = spec.indexes.iter().map(name).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
    }
}

#[test]
fn the_data_model_is_documented_as_it_is() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/DATA-MODEL.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the page says where the written part begins");
    let (_, after) = rest.split_once(END).expect("the page says where the written part ends");
    let expected = format!("{before}{BEGIN}{}{END}{after}", written());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    assert!(
        page == expected || std::env::var_os("UPDATE_DOCS").is_some(),
        "docs/DATA-MODEL.md is not what the migrations make; run UPDATE_DOCS=1 cargo test -p shop-store documented"
    );
}

fn written() -> String {
    let mut text = String::new();
    for spec in specs() {
        let (required, optional) = fields(&spec);
        writeln!(text, "\n### `{}`\n", spec.name).unwrap();
        writeln!(text, "Always: {}.", required.join(", ")).unwrap();
        if !optional.is_empty() {
            writeln!(text, "Where there is one: {}.", optional.join(", ")).unwrap();
        }
        if spec.indexes.is_empty() {
            continue;
        }
        text.push_str("\n| index | kind | from |\n|---|---|---|\n");
        let seed = seed_of(spec.name);
        for index in &spec.indexes {
            let is_seed = seed.iter().any(|wanted| wanted.trim_end_matches('!') == name(index));
            let from = if is_seed { "seed" } else { "ours" };
            writeln!(text, "| `{}` | {} | {from} |", name(index), kind(index)).unwrap();
        }
    }
    text.push('\n');
    text
}

/// The names of the fields that have to be there, and of those that may be.
fn fields(spec: &Spec) -> (Vec<String>, Vec<String>) {
    let schema = spec.validator.get_document("$jsonSchema").unwrap();
    let code = |field: &str| format!("`{field}`");
    let required = schema.get_array("required").unwrap();
    let required: Vec<&str> = required.iter().filter_map(Bson::as_str).collect();
    let empty = Document::new();
    let properties = schema.get_document("properties").unwrap_or(&empty);
    let optional = properties.keys().filter(|field| !required.contains(&field.as_str()) && *field != "_id");
    (required.iter().map(|field| code(field)).collect(), optional.map(|field| code(field)).collect())
}

fn kind(index: &IndexModel) -> String {
    let options = options(index);
    let mut kinds = Vec::new();
    if options.unique == Some(true) {
        kinds.push("unique".to_owned());
    }
    if options.sparse == Some(true) {
        kinds.push("sparse".to_owned());
    }
    if let Some(filter) = &options.partial_filter_expression {
        kinds.push(format!("where `{}`", serde_json::to_string(filter).unwrap()));
    }
    if let Some(age) = options.expire_after {
        kinds.push(match age.as_secs() / 86_400 {
            0 => "removes the document then".to_owned(),
            days => format!("removes the document {days} days later"),
        });
    }
    if let Some(collation) = &options.collation {
        kinds.push(format!("in the order of `{}`", collation.locale));
    }
    if let Some(weights) = &options.weights {
        kinds.push(format!("words, weighing {}", serde_json::to_string(weights).unwrap()));
    }
    kinds.join(", ")
}
