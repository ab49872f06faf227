//! A product is made or changed, with everything that follows from it in the same transaction: the stock records of what
//! it sells (their `_id` is what makes a SKU unique in the shop), the copies of its stock policy, and the number of
//! published products in its category (invariant I8).

mod changes;
mod new_product;

pub use changes::{PolicyChange, PriceChange, ProductChanges};
pub use new_product::{FirstStock, NewProduct};

use shop_domain::{
    Command, Currency, Id, Idempotent, IllegalTransition, Money, Sku, Slug, State, Timestamp,
    category::Category,
    currencies::ShopCurrencies,
    inventory::StockRecord,
    offer::InvalidOffer,
    product::{Price, Product, ProductStatus, Ratings, ShippingPolicy, StockPolicy},
    user::User,
};
use shop_store::{Store, StoreError, TransactionError, Tx, Versioned, categories::CategoryKey};

/// Why a product was not saved. Nothing happened then.
#[derive(Debug, thiserror::Error)]
pub enum SaveProductError {
    /// It makes no sense.
    #[error(transparent)]
    Invalid(#[from] InvalidOffer),
    /// The shop does not sell in the currency of the price.
    #[error("the shop does not sell in {0}")]
    CurrencyNotSold(Currency),
    /// There is no such category.
    #[error("there is no such category")]
    UnknownCategory,
    /// Another product has this slug.
    #[error("another product has this slug")]
    SlugTaken,
    /// Another product, or one of its variants, has this SKU.
    #[error("another product or variant has the SKU {0}")]
    SkuTaken(Sku),
    /// Units are reserved on backorder, so backorders cannot be forbidden now.
    #[error("units of {0} are reserved on backorder: wait until they are received")]
    BackorderOwed(Sku),
    /// Its state does not allow it.
    #[error("not possible for a product in the state `{}`", .0.state.as_str())]
    Illegal(#[from] IllegalTransition),
    /// The database could not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl TransactionError for SaveProductError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

/// Makes a draft, outside of any category.
///
/// # Errors
/// If its parts do not go together.
pub fn draft_of(new: NewProduct, seller: Id<User>, now: Timestamp) -> Result<Product, InvalidOffer> {
    let mut product = Product {
        id: Id::new(),
        slug: Slug::from_name(new.changes.name.as_deref().unwrap_or_default()),
        name: String::new(),
        description: String::new(),
        short_description: None,
        sku: new.sku,
        category: None,
        category_path: Vec::new(),
        subcategory: None,
        brand: None,
        price: Price::try_new(Money::ZERO, None, Currency::default())?,
        inventory: StockPolicy::default(),
        images: Vec::new(),
        specifications: std::collections::BTreeMap::new(),
        dimensions: None,
        shipping: ShippingPolicy::default(),
        seo: None,
        ratings: Ratings::default(),
        seller,
        status: ProductStatus::Draft,
        featured: false,
        tags: Vec::new(),
        options: Vec::new(),
        variants: Vec::new(),
        related_products: Vec::new(),
        total_sold: 0,
        is_active: true,
        created_at: now,
        updated_at: now,
    };
    new.changes.apply(&mut product)?;
    Ok(product)
}

/// Makes a draft that is priced in a currency of the shop, its default if the price names none.
pub(super) fn priced_draft_of(
    mut new: NewProduct,
    seller: Id<User>,
    currencies: &ShopCurrencies,
    now: Timestamp,
) -> Result<Product, SaveProductError> {
    if let Some(price) = &mut new.changes.price {
        price.currency.get_or_insert(currencies.default_currency());
    }
    let product = draft_of(new, seller, now)?;
    check_currency(&product, currencies)?;
    Ok(product)
}

/// Checks that the shop sells in the currency of a new or changed price.
pub(super) fn check_currency(product: &Product, currencies: &ShopCurrencies) -> Result<(), SaveProductError> {
    let currency = product.price.currency;
    if currencies.contains(currency) { Ok(()) } else { Err(SaveProductError::CurrencyNotSold(currency)) }
}

/// Moves the product to a status.
///
/// # Errors
/// A draft has never been on the shelf, and what has been there is no draft any more.
pub(super) fn set_status(
    product: &mut Product,
    status: ProductStatus,
    now: Timestamp,
) -> Result<Idempotent, IllegalTransition> {
    match status {
        ProductStatus::Published => Ok(product.publish(now)),
        ProductStatus::Archived => product.archive(now),
        ProductStatus::Draft if product.status == ProductStatus::Draft => Ok(Idempotent::AlreadyApplied),
        ProductStatus::Draft => {
            Err(IllegalTransition { command: Command::UnpublishProduct, state: State::Product(product.status) })
        }
    }
}

/// Assigns the product to a category (an id, a slug or a path), which stays locked until the transaction ends.
pub(super) async fn assign_category_in(
    tx: &mut Tx,
    store: &Store,
    product: &mut Product,
    category: &str,
) -> Result<(), SaveProductError> {
    let key = CategoryKey::parse(category).ok_or(SaveProductError::UnknownCategory)?;
    let category = store.categories.lock_in(tx, &key).await?.ok_or(SaveProductError::UnknownCategory)?;
    set_parent(product, Some(&category));
    Ok(())
}

/// Assigns the product to a category that the transaction has locked, or to none.
pub(super) fn set_parent(product: &mut Product, category: Option<&Category>) {
    product.category = category.map(|category| category.id);
    product.category_path = category.map(|category| category.ancestors.clone()).unwrap_or_default();
}

/// Adds a product with its first stock.
pub(super) async fn insert_in(
    tx: &mut Tx,
    store: &Store,
    product: &mut Product,
    stock: &FirstStock,
    slug_is_given: bool,
) -> Result<(), SaveProductError> {
    if !slug_is_given {
        product.slug = free_slug(tx, store, product).await?;
    }
    create_stock(tx, store, product, &[], stock).await?;
    count_in_category(tx, store, None, product).await?;
    store.products.insert_in(tx, product).await.map_err(|error| refused(error, slug_is_given))
}

/// Saves a changed product: `before` is what it was in this transaction.
pub(super) async fn save_in(
    tx: &mut Tx,
    store: &Store,
    before: &Product,
    product: &mut Versioned<Product>,
    stock: &FirstStock,
    now: Timestamp,
) -> Result<Idempotent, SaveProductError> {
    if bson::serialize_to_document(before).map_err(StoreError::from)?
        == bson::serialize_to_document(&**product).map_err(StoreError::from)?
    {
        return Ok(Idempotent::AlreadyApplied);
    }
    product.updated_at = now;
    create_stock(tx, store, product, &before.skus(), stock).await?;
    if before.inventory != product.inventory {
        for sku in product.skus() {
            set_policy(tx, store, product, &sku, now).await?;
        }
    }
    count_in_category(tx, store, Some(before), product).await?;
    store.products.save_in(tx, product).await.map_err(|error| refused(error, true))?;
    Ok(Idempotent::Executed)
}

async fn set_policy(
    tx: &mut Tx,
    store: &Store,
    product: &Product,
    sku: &Sku,
    now: Timestamp,
) -> Result<(), SaveProductError> {
    let is_set = store.inventory.set_policy_in(tx, sku, product.inventory, now).await?;
    if is_set { Ok(()) } else { Err(SaveProductError::BackorderOwed(sku.clone())) }
}

/// Makes the stock records of the SKUs that the product did not sell before; their `_id` makes a SKU unique.
async fn create_stock(
    tx: &mut Tx,
    store: &Store,
    product: &Product,
    before: &[Sku],
    stock: &FirstStock,
) -> Result<(), SaveProductError> {
    let new: Vec<Sku> = product.skus().into_iter().filter(|sku| !before.contains(sku)).collect();
    let is_first_save = before.is_empty();
    if new.is_empty() {
        return Ok(());
    }
    // A product with variants has no stock record under its own SKU, so that one is looked for among the products.
    let own = is_first_save.then_some(&product.sku);
    if let Some(sku) = store.products.find_sku_in(tx, new.iter().chain(own), product.id).await? {
        return Err(SaveProductError::SkuTaken(sku));
    }
    let known = store.inventory.find_all_in(tx, &new).await?;
    for sku in new {
        match known.iter().find(|record| record.sku == sku) {
            // The product sold this SKU before: its stock record is used again.
            Some(record) if record.product == product.id => {
                set_policy(tx, store, product, &sku, product.updated_at).await?;
            }
            Some(_) => return Err(SaveProductError::SkuTaken(sku)),
            None => {
                let units = stock.get(&sku).copied().unwrap_or(0);
                let record = StockRecord::new(sku.clone(), product.id, units, product.inventory, product.updated_at);
                store.inventory.insert_in(tx, &record).await.map_err(|error| match error {
                    StoreError::Duplicate { .. } => SaveProductError::SkuTaken(sku),
                    other => other.into(),
                })?;
            }
        }
    }
    Ok(())
}

/// Where a product counts.
fn counted_in(product: &Product) -> Option<Id<Category>> {
    product.category.filter(|_| product.status == ProductStatus::Published)
}

async fn count_in_category(
    tx: &mut Tx,
    store: &Store,
    before: Option<&Product>,
    after: &Product,
) -> Result<(), StoreError> {
    let (was, is) = (before.and_then(counted_in), counted_in(after));
    if was != is {
        if let Some(category) = was {
            store.categories.count_products_in(tx, category, -1).await?;
        }
        if let Some(category) = is {
            store.categories.count_products_in(tx, category, 1).await?;
        }
    }
    Ok(())
}

/// A slug made of the name; if that is taken, with the SKU behind it; if even that is, with the id.
async fn free_slug(tx: &mut Tx, store: &Store, product: &Product) -> Result<Slug, StoreError> {
    let base = Slug::from_name(&product.name);
    let by_sku = base.with_suffix(Slug::from_name(product.sku.as_str()).as_str());
    let candidates = [base.clone(), by_sku, base.with_suffix(&product.id.to_string())];
    let taken = store.products.taken_slugs_in(tx, &candidates).await?;
    let [.., last] = &candidates;
    Ok(candidates.iter().find(|slug| !taken.contains(slug)).unwrap_or(last).clone())
}

fn refused(error: StoreError, slug_is_given: bool) -> SaveProductError {
    let slug_is_taken = error.is_duplicate_of("slug_");
    if slug_is_taken && slug_is_given {
        SaveProductError::SlugTaken
    } else if slug_is_taken || error.is_duplicate_of("sku_") || error.is_duplicate_of("variants.sku_") {
        // A concurrent request took the generated slug or one of the SKUs: start over and see which.
        StoreError::VersionMismatch.into()
    } else {
        error.into()
    }
}
