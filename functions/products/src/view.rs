//! A product in answers.

use std::collections::BTreeMap;

use serde::Serialize;
use shared::{
    domain::{
        Currency, Id, Money, Sku, Slug, Timestamp,
        category::Category,
        inventory::{StockRecord, StockStatus},
        product::{
            Dimensions, Image, Price, Product, ProductOption, ProductStatus, Ratings, Seo, ShippingPolicy, StockPolicy,
            Variant,
        },
        shipping::ShippingMethod,
        user::User,
    },
    store::products::CatalogueEntry,
};

/// A product.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProductView {
    #[schema(value_type = String)]
    id: Id<Product>,
    name: String,
    slug: Slug,
    description: String,
    short_description: Option<String>,
    sku: Sku,
    category: Option<CategoryReference>,
    subcategory: Option<String>,
    brand: Option<String>,
    price: PriceView,
    inventory: InventorySummary,
    images: Vec<ImageView>,
    specifications: BTreeMap<String, String>,
    dimensions: Option<DimensionsView>,
    shipping: ShippingView,
    seo: Option<SeoView>,
    ratings: RatingsView,
    #[schema(value_type = String)]
    seller: Id<User>,
    status: ProductStatus,
    featured: bool,
    tags: Vec<String>,
    options: Vec<OptionView>,
    variants: Vec<VariantView>,
    #[schema(value_type = Vec<String>)]
    related_products: Vec<Id<Product>>,
    total_sold: i64,
    is_active: bool,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// The category of a product.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CategoryReference {
    #[schema(value_type = String)]
    id: Id<Category>,
    slug: Slug,
    name: String,
    /// The slugs from the root down, joined by `/`.
    path: String,
}

impl From<&Category> for CategoryReference {
    fn from(category: &Category) -> Self {
        Self { id: category.id, slug: category.slug.clone(), name: category.name.clone(), path: category.path.clone() }
    }
}

/// The price of a product.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct PriceView {
    regular: Money,
    /// While it is on sale.
    sale: Option<Money>,
    currency: Currency,
    /// `sale` where set, else `regular`.
    effective: Money,
}

/// The stock, as shoppers see it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct InventorySummary {
    /// Available units.
    quantity: i64,
    status: StockStatus,
    allow_backorder: bool,
    low_stock_threshold: i64,
}

impl InventorySummary {
    fn of<'a>(records: impl IntoIterator<Item = &'a StockRecord>, policy: StockPolicy) -> Self {
        let available = |record: &StockRecord| record.available.max(0);
        let quantity = records.into_iter().map(available).fold(0, i64::saturating_add);
        Self {
            quantity,
            status: StockStatus::of(quantity, policy.low_stock_threshold),
            allow_backorder: policy.allow_backorder,
            low_stock_threshold: policy.low_stock_threshold,
        }
    }
}

/// A picture of a product.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Image)]
struct ImageView {
    /// Where it is.
    url: String,
    /// What it shows, for those who cannot see it.
    #[schema(required = false)]
    alt: String,
    /// Shown first.
    #[schema(required = false)]
    is_primary: bool,
}

impl From<Image> for ImageView {
    fn from(image: Image) -> Self {
        Self { url: image.url, alt: image.alt, is_primary: image.is_primary }
    }
}

/// Weight in kilograms and size in centimetres.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Dimensions)]
struct DimensionsView {
    /// Kilograms.
    #[schema(required = false)]
    weight: f64,
    /// Centimetres.
    #[schema(required = false)]
    length: f64,
    /// Centimetres.
    #[schema(required = false)]
    width: f64,
    /// Centimetres.
    #[schema(required = false)]
    height: f64,
}

impl From<Dimensions> for DimensionsView {
    fn from(size: Dimensions) -> Self {
        Self { weight: size.weight, length: size.length, width: size.width, height: size.height }
    }
}

/// How a product travels.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ShippingPolicy)]
struct ShippingView {
    /// Ships free.
    #[schema(required = false, default = false)]
    free_shipping: bool,
    /// The method that it is packed for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(default = json!(null))]
    shipping_class: Option<ShippingMethod>,
    /// Days to delivery.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(default = json!(null))]
    estimated_days: Option<i32>,
}

impl From<ShippingPolicy> for ShippingView {
    fn from(policy: ShippingPolicy) -> Self {
        Self {
            free_shipping: policy.free_shipping,
            shipping_class: policy.shipping_class,
            estimated_days: policy.estimated_days,
        }
    }
}

/// What search engines read about a product.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Seo)]
struct SeoView {
    /// Title.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    /// Description.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// Keywords.
    #[schema(required = false)]
    keywords: Vec<String>,
}

impl From<Seo> for SeoView {
    fn from(seo: Seo) -> Self {
        Self { title: seo.title, description: seo.description, keywords: seo.keywords }
    }
}

/// What a buyer chooses between.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ProductOption)]
struct OptionView {
    /// `Size`.
    name: String,
    /// `S`, `M`, `L`.
    values: Vec<String>,
}

impl From<ProductOption> for OptionView {
    fn from(option: ProductOption) -> Self {
        Self { name: option.name, values: option.values }
    }
}

/// The rating of approved reviews.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct RatingsView {
    /// 1 to 5; 0 without reviews.
    average: f64,
    count: i64,
}

impl From<Ratings> for RatingsView {
    fn from(ratings: Ratings) -> Self {
        Self { average: ratings.average, count: ratings.count }
    }
}

/// A combination of options that is sold.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct VariantView {
    sku: Sku,
    /// Option name → chosen value.
    choices: BTreeMap<String, String>,
    price_modifier: Money,
    /// The effective price with the modifier.
    price: Money,
    inventory: InventorySummary,
}

impl VariantView {
    fn of(variant: Variant, price: &Price, stock: &[StockRecord], policy: StockPolicy) -> Self {
        let own = stock.iter().filter(|record| record.sku == variant.sku);
        Self {
            inventory: InventorySummary::of(own, policy),
            // Prices and modifiers are bounded when they are set, so their sum cannot overflow.
            price: price.with_modifier(variant.price_modifier).unwrap_or(Price::HIGHEST),
            sku: variant.sku,
            choices: variant.choices,
            price_modifier: variant.price_modifier,
        }
    }
}

impl From<CatalogueEntry> for ProductView {
    fn from(entry: CatalogueEntry) -> Self {
        let category = entry.category().map(CategoryReference::from);
        let CatalogueEntry { product, stock, .. } = entry;
        let Price { regular, sale, currency, effective } = product.price;
        let policy = product.inventory;
        let variants = product.variants.into_iter();
        Self {
            id: product.id,
            name: product.name,
            slug: product.slug,
            description: product.description,
            short_description: product.short_description,
            sku: product.sku,
            category,
            subcategory: product.subcategory,
            brand: product.brand,
            price: PriceView { regular, sale, currency, effective },
            inventory: InventorySummary::of(&stock, policy),
            images: product.images.into_iter().map(ImageView::from).collect(),
            specifications: product.specifications,
            dimensions: product.dimensions.map(DimensionsView::from),
            shipping: product.shipping.into(),
            seo: product.seo.map(SeoView::from),
            ratings: product.ratings.into(),
            seller: product.seller,
            status: product.status,
            featured: product.featured,
            tags: product.tags,
            options: product.options.into_iter().map(OptionView::from).collect(),
            variants: variants.map(|variant| VariantView::of(variant, &product.price, &stock, policy)).collect(),
            related_products: product.related_products,
            total_sold: product.total_sold,
            is_active: product.is_active,
            created_at: product.created_at,
            updated_at: product.updated_at,
        }
    }
}
