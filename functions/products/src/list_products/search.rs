//! Search, filters and order of the product list.

use serde::Deserialize;
use shared::{
    domain::{
        Currency, Id, Money,
        product::ProductStatus,
        user::{Role, User},
    },
    http::{App, CurrentUser, Problem, ProblemCode},
    store::{
        categories::CategoryKey,
        products::listing::{ProductFilter, ProductSort},
    },
    validation::{
        Validate, Violations,
        rules::{length, range},
    },
};

/// Longer texts are refused.
const LONGEST_TEXT: usize = 200;

/// Filters and sort order.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct ProductSearch {
    /// Full-text search in name, description and tags.
    q: Option<String>,
    /// An id, a slug or a path of slugs; descendants are included.
    category: Option<String>,
    /// Exactly this brand.
    brand: Option<String>,
    /// With exactly this tag.
    tag: Option<String>,
    /// Of this seller.
    #[param(value_type = Option<String>)]
    seller: Option<Id<User>>,
    /// Of `minPrice`, `maxPrice` and the sort by price, which leave products of other currencies out. The shop's default if
    /// absent.
    #[param(value_type = Option<String>)]
    currency: Option<Currency>,
    /// The lowest effective price, in minor units.
    min_price: Option<u64>,
    /// The highest effective price, in minor units.
    max_price: Option<u64>,
    /// The lowest average rating, 0 to 5.
    min_rating: Option<f64>,
    /// Whether at least one is available.
    in_stock: Option<bool>,
    /// Whether it is featured.
    featured: Option<bool>,
    /// Requires a login; see above.
    status: Option<ProductStatus>,
    /// `relevance` if there is a `q`, else `newest`.
    #[param(inline)]
    sort: Option<SortParameter>,
}

impl Validate for ProductSearch {
    fn validate(&self, v: &mut Violations) {
        v.check("q", &self.q, length(0..=LONGEST_TEXT));
        v.check("brand", &self.brand, length(0..=LONGEST_TEXT));
        v.check("tag", &self.tag, length(0..=LONGEST_TEXT));
        v.check("minRating", &self.min_rating, range(0.0..=5.0));
    }
}

#[derive(Clone, Copy, Debug, Deserialize, utoipa::ToSchema)]
pub(crate) enum SortParameter {
    #[serde(rename = "relevance")]
    Relevance,
    #[serde(rename = "newest")]
    Newest,
    #[serde(rename = "price")]
    Price,
    #[serde(rename = "-price")]
    PriceDescending,
    #[serde(rename = "rating")]
    Rating,
    #[serde(rename = "bestselling")]
    Bestselling,
    #[serde(rename = "name")]
    Name,
}

/// A search as the store understands it.
pub(crate) struct ProductQuery {
    pub(crate) filter: ProductFilter,
    pub(crate) sort: ProductSort,
}

impl ProductSearch {
    /// Looks the category up; `None` if there is no such category, and so nothing in it.
    pub(crate) async fn resolve(self, app: &App, user: Option<&CurrentUser>) -> Result<Option<ProductQuery>, Problem> {
        let mut filter = ProductFilter::of_status(self.status.unwrap_or(ProductStatus::Published));
        filter.seller = self.seller;
        if self.status.is_some() {
            filter.seller = managed_seller(self.seller, user)?;
            filter.is_active = None;
        }
        if let Some(name) = &self.category {
            let key = CategoryKey::parse(name);
            filter.category = match key {
                Some(CategoryKey::Id(id)) => Some(id),
                Some(key) => app.store.categories.find_by(&key).await?.map(|category| category.id),
                None => None,
            };
            if filter.category.is_none() {
                return Ok(None);
            }
        }
        let sort = self.sort.map_or(ProductSort::Relevance, SortParameter::into_sort);
        let sort = if sort == ProductSort::Relevance && self.q.is_none() { ProductSort::Newest } else { sort };
        let compares_prices = self.min_price.is_some()
            || self.max_price.is_some()
            || matches!(sort, ProductSort::Price | ProductSort::PriceDescending);
        if compares_prices {
            filter.currency = match self.currency {
                Some(currency) => Some(currency),
                None => Some(app.store.settings.currencies().await?.default_currency()),
            };
        }
        filter.text = self.q;
        filter.brand = self.brand;
        filter.tag = self.tag;
        filter.min_price = self.min_price.map(amount);
        filter.max_price = self.max_price.map(amount);
        filter.min_rating = self.min_rating;
        filter.in_stock = self.in_stock;
        filter.featured = self.featured;
        Ok(Some(ProductQuery { filter, sort }))
    }
}

impl SortParameter {
    const fn into_sort(self) -> ProductSort {
        match self {
            Self::Relevance => ProductSort::Relevance,
            Self::Newest => ProductSort::Newest,
            Self::Price => ProductSort::Price,
            Self::PriceDescending => ProductSort::PriceDescending,
            Self::Rating => ProductSort::Rating,
            Self::Bestselling => ProductSort::Bestselling,
            Self::Name => ProductSort::Name,
        }
    }
}

/// The seller whose products of any status the user may list: sellers their own, administrators those of all.
fn managed_seller(asked: Option<Id<User>>, user: Option<&CurrentUser>) -> Result<Option<Id<User>>, Problem> {
    let user = user.ok_or_else(|| Problem::new(ProblemCode::NotAuthenticated))?;
    match user.role {
        Role::Admin => Ok(asked),
        Role::Seller if asked.is_none_or(|seller| seller == user.id) => Ok(Some(user.id)),
        Role::Seller | Role::Customer => Err(Problem::new(ProblemCode::Forbidden)),
    }
}

/// A value beyond the largest amount is beyond any price.
fn amount(minor: u64) -> Money {
    Money::from_minor(i64::try_from(minor).unwrap_or(i64::MAX))
}
