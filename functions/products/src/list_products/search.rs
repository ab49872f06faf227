//! What one can ask the list of products for.

use serde::Deserialize;
use shared::{
    domain::{
        Id, Money,
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

/// Longer than anything that somebody searches for.
const LONGEST_TEXT: usize = 200;

/// Which products, in which order.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct ProductSearch {
    /// Words in the name, the description or the tags.
    q: Option<String>,
    /// An id, a slug or a path of slugs; what hangs below it is included.
    category: Option<String>,
    /// Exactly this brand.
    brand: Option<String>,
    /// With exactly this tag.
    tag: Option<String>,
    /// Of this seller.
    #[param(value_type = Option<String>)]
    seller: Option<Id<User>>,
    /// The lowest effective price, in minor units.
    min_price: Option<u64>,
    /// The highest effective price, in minor units.
    max_price: Option<u64>,
    /// The lowest average rating, 0 to 5.
    min_rating: Option<f64>,
    /// Whether at least one is available.
    in_stock: Option<bool>,
    /// Whether it is on the front page.
    featured: Option<bool>,
    /// Needs a login; see above.
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
pub(crate) struct Question {
    pub(crate) filter: ProductFilter,
    pub(crate) sort: ProductSort,
}

impl ProductSearch {
    /// Looks the category up; `None` if there is no such category, and so nothing in it.
    pub(crate) async fn resolve(self, app: &App, user: Option<&CurrentUser>) -> Result<Option<Question>, Problem> {
        let mut filter = ProductFilter::of_status(self.status.unwrap_or(ProductStatus::Published));
        filter.seller = self.seller;
        if self.status.is_some() {
            filter.seller = behind_the_counter(self.seller, user)?;
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
        filter.text = self.q;
        filter.brand = self.brand;
        filter.tag = self.tag;
        filter.min_price = self.min_price.map(amount);
        filter.max_price = self.max_price.map(amount);
        filter.min_rating = self.min_rating;
        filter.in_stock = self.in_stock;
        filter.featured = self.featured;
        Ok(Some(Question { filter, sort }))
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

/// OrderScope products somebody may list whatever their status: sellers their own, admins anybody's.
fn behind_the_counter(asked: Option<Id<User>>, user: Option<&CurrentUser>) -> Result<Option<Id<User>>, Problem> {
    let user = user.ok_or_else(|| Problem::new(ProblemCode::NotAuthenticated))?;
    match user.role {
        Role::Admin => Ok(asked),
        Role::Seller if asked.is_none_or(|seller| seller == user.id) => Ok(Some(user.id)),
        Role::Seller | Role::Customer => Err(Problem::new(ProblemCode::Forbidden)),
    }
}

/// What is beyond any amount is beyond any price.
fn amount(minor: u64) -> Money {
    Money::from_minor(i64::try_from(minor).unwrap_or(i64::MAX))
}
