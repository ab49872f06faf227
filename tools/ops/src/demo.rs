//! The demo shop: accounts that can log in, and a small catalogue of its own.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, bail};
use bson::{Document, doc};
use futures::TryStreamExt as _;
use products::import::import_line;
use shared::{
    app::import_products::RowOutcome,
    domain::{
        Clock, Email, Random,
        bank_account::{BankAccount, Iban},
        user::Role,
    },
    password::Passwords,
    store::Store,
};

use crate::{
    accounts::{self, Account},
    categories,
};

/// An account of the demo shop.
#[derive(Clone, Copy, Debug)]
pub struct DemoAccount<'a> {
    /// The e-mail address.
    pub email: &'a str,
    /// The password. It is public, so the demo shop must not be reachable from other machines.
    pub password: &'a str,
    /// Given name.
    pub first_name: &'a str,
    /// Family name.
    pub last_name: &'a str,
    /// The role.
    pub role: Role,
}

/// The result of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// Accounts that the demo shop has.
    pub accounts: usize,
    /// Products that were added.
    pub products: usize,
}

/// Path of slugs and name, parents first.
const CATEGORIES: &[(&str, &str)] = &[
    ("home", "Home"),
    ("home/kitchen", "Kitchen"),
    ("home/lights", "Lights"),
    ("home/textiles", "Textiles"),
    ("clothing", "Clothing"),
    ("clothing/shirts", "Shirts"),
    ("clothing/shoes", "Shoes"),
    ("paper", "Paper"),
    ("paper/notebooks", "Notebooks"),
    ("paper/writing", "Writing"),
    ("outside", "Outside"),
    ("outside/garden-tools", "Garden tools"),
];

/// In the format of the product import.
const PRODUCTS: &str = include_str!("demo/products.jsonl");

/// Adds the missing accounts, bank account and products of the demo shop to a migrated database. Existing ones are kept, with all
/// changes. The products belong to the first seller among the accounts.
///
/// # Errors
/// If there is no seller among the accounts, or the database refuses.
pub async fn load(store: &Store, clock: &Clock, accounts: &[DemoAccount<'_>]) -> Result<Loaded> {
    let passwords = Passwords::for_this_machine(Random::from_os());
    let mut seller = None;
    for demo in accounts {
        let account = Account {
            email: Email::try_new(demo.email)?,
            first_name: demo.first_name.to_owned(),
            last_name: demo.last_name.to_owned(),
            role: demo.role,
        };
        let user = accounts::ensure(store, clock, &passwords, &account, demo.password).await?;
        if demo.role == Role::Seller {
            seller.get_or_insert(user.id);
        }
    }
    let seller = seller.context("the demo accounts need a seller")?;
    if store.settings.bank_account().await?.is_none() {
        store.settings.set_bank_account(&bank_account()?, clock.now()).await?;
    }
    categories::ensure(store, clock, CATEGORIES).await?;
    let mut products = 0;
    for line in missing_products(store).await? {
        match import_line(store, seller, line, clock.now()).await? {
            RowOutcome::Rejected(reasons) => bail!("the demo product {line} is not valid: {}", reasons.join("; ")),
            _ => products += 1,
        }
    }
    Ok(Loaded { accounts: accounts.len(), products })
}

/// An account for bank transfers: the IBAN is the example of the German standard.
pub fn bank_account() -> Result<BankAccount> {
    Ok(BankAccount {
        account_holder: "Demo Shop".to_owned(),
        iban: Some(Iban::try_new("DE89 3704 0044 0532 0130 00")?),
        bic: Some("COBADEFFXXX".to_owned()),
        account_number: None,
        routing_number: None,
        bank_name: Some("Demo Bank".to_owned()),
    })
}

async fn missing_products(store: &Store) -> Result<Vec<&'static str>> {
    let rows: Vec<(String, &str)> = PRODUCTS.lines().map(|line| Ok((sku_of(line)?, line))).collect::<Result<_>>()?;
    let skus: Vec<&str> = rows.iter().map(|(sku, _)| sku.as_str()).collect();
    let products = store.database().collection::<Document>("products");
    let found = products.find(doc! {"sku": {"$in": skus}}).projection(doc! {"sku": 1}).await?;
    let found: Vec<Document> = found.try_collect().await?;
    let found: BTreeSet<&str> = found.iter().filter_map(|product| product.get_str("sku").ok()).collect();
    Ok(rows.iter().filter(|(sku, _)| !found.contains(sku.as_str())).map(|(_, line)| *line).collect())
}

fn sku_of(line: &str) -> Result<String> {
    #[derive(serde::Deserialize)]
    struct Named {
        sku: String,
    }
    Ok(serde_json::from_str::<Named>(line)?.sku)
}

#[cfg(test)]
mod tests {
    use products::import::read_line;
    use shared::app::save_product::NewProduct;

    use super::*;

    #[test]
    fn every_demo_product_is_valid_and_has_a_category() {
        let rows: Vec<NewProduct> = PRODUCTS.lines().map(|line| read_line(line).unwrap()).collect();
        assert_eq!(rows.len(), 24);
        for row in &rows {
            let category = row.category().unwrap();
            assert!(CATEGORIES.iter().any(|(path, _)| *path == category), "{category}");
        }
        let skus: BTreeSet<_> = rows.iter().map(|row| &row.sku).collect();
        assert_eq!(skus.len(), rows.len());
        assert!(rows.iter().filter(|row| row.changes.variants.is_some()).count() >= 4);
    }
}
