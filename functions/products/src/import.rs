//! Lines of an import file, as the operator's command line hands them over. A line is what the body of a creation is.

use shared::{
    app::{
        import_products::{RowOutcome, import_row},
        save_product::NewProduct,
    },
    domain::{Id, Timestamp, user::User},
    store::{Store, StoreError},
    validation::{FieldError, Violations, json},
};

use crate::input::row::ProductRow;

/// Imports one line of a JSON Lines file.
///
/// # Errors
/// Only if the database cannot do its part: the line may be imported again.
pub async fn import_line(
    store: &Store,
    seller: Id<User>,
    line: &str,
    now: Timestamp,
) -> Result<RowOutcome, StoreError> {
    match read_line(line) {
        Ok(row) => import_row(store, seller, row, now).await,
        Err(reasons) => Ok(RowOutcome::Rejected(reasons)),
    }
}

/// Reads one line of a JSON Lines file.
///
/// # Errors
/// Why it is no product, in words, each beginning with the field that is to blame.
pub fn read_line(line: &str) -> Result<NewProduct, Vec<String>> {
    let document = json::parse(line.as_bytes()).map_err(|error| vec![format!("the line {error}")])?;
    if let Some(duplicate) = document.duplicate() {
        return Err(vec![in_words(&duplicate)]);
    }
    let row: ProductRow = document.read().map_err(|error| vec![in_words(&error.into())])?;
    let errors = Violations::of(&row);
    if errors.is_empty() { Ok(row.into()) } else { Err(errors.iter().map(in_words).collect()) }
}

/// `price.regular: is required`.
fn in_words(error: &FieldError) -> String {
    format!("{}: {}", error.pointer.trim_start_matches('/').replace('/', "."), error.message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_all_that_is_wrong_with_it() {
        let reasons = |line: &str| read_line(line).err().unwrap_or_default();
        let product = |field: &str| format!(r#"{{"sku":"MUG-1","name":"Mug","description":"","price":{{{field}}}}}"#);
        assert!(reasons("{nonsense")[0].starts_with("the line "));
        assert_eq!(reasons(&product("")), ["price.regular: is required"]);
        assert!(reasons(&product(r#""regular":1,"regular":2"#))[0].starts_with("price.regular: "));
        let fields: Vec<String> = reasons(&product(r#""regular":-1,"sale":-2"#))
            .iter()
            .filter_map(|reason| Some(reason.split_once(": ")?.0.to_owned()))
            .collect();
        assert_eq!(fields, ["description", "price.regular", "price.sale"]);
    }

    #[test]
    fn the_first_stock_is_that_of_the_variants_if_there_are_any() {
        let line = r#"{"sku":"TEE","name":"Shirt","description":"Blue.","price":{"regular":1},
            "inventory":{"quantity":3},"options":[{"name":"Size","values":["S"]}],
            "variants":[{"sku":"TEE-S","choices":{"Size":"S"},"quantity":5}]}"#;
        let stock = |line: &str| read_line(line).unwrap().first_stock();
        assert!(stock(line).is_err(), "stock of the product and of its variants");
        let units = stock(&line.replace(r#""inventory":{"quantity":3},"#, "")).unwrap();
        assert_eq!(units.iter().map(|(sku, units)| (sku.as_str(), *units)).collect::<Vec<_>>(), [("TEE-S", 5)]);
    }
}
