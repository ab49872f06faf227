//! Inputs that creating and updating a coupon share.

use std::collections::BTreeSet;

use serde::Deserialize;
use shared::{
    domain::{
        Id,
        category::Category,
        coupon::{UsageLimit, UserRestrictions},
        product::Product,
        user::User,
    },
    http::{App, FieldCode, Problem, ProblemCode},
    validation::{Validate, Violations, patch::present, rules::entries},
};

/// Longer selections of products belong into a category.
pub(super) const MAX_IDS: usize = 200;

/// Limits on redemptions: absent fields stay unchanged (in a new coupon: unlimited), null is unlimited.
#[derive(Clone, Copy, Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct UsageLimitInput {
    /// In total; 1 to 1,000,000,000.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>)]
    total: Option<Option<i64>>,
    /// Per customer; 1 to 1,000,000,000. Guests are identified by their e-mail address.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>)]
    per_user: Option<Option<i64>>,
}

impl UsageLimitInput {
    pub(super) fn apply(&self, limit: &mut UsageLimit) {
        limit.total = self.total.unwrap_or(limit.total);
        limit.per_user = self.per_user.unwrap_or(limit.per_user);
    }
}

/// Eligible customers: absent fields stay unchanged (in a new coupon: unrestricted).
#[derive(Clone, Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct UserRestrictionsInput {
    /// Only customers without an earlier order.
    #[serde(default, deserialize_with = "present")]
    new_users_only: Option<bool>,
    /// Only these customers; if empty, all.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Vec<String>>)]
    specific_users: Option<Vec<Id<User>>>,
}

impl Validate for UserRestrictionsInput {
    fn validate(&self, v: &mut Violations) {
        v.check("specificUsers", &self.specific_users, entries(0..=MAX_IDS));
    }
}

impl UserRestrictionsInput {
    pub(super) fn apply(&self, restrictions: &mut UserRestrictions) {
        restrictions.new_users_only = self.new_users_only.unwrap_or(restrictions.new_users_only);
        if let Some(users) = &self.specific_users {
            restrictions.specific_users = unique(users);
        }
    }

    pub(super) fn specific_users(&self) -> &[Id<User>] {
        self.specific_users.as_deref().unwrap_or_default()
    }
}

/// The ids without repetitions, in order.
pub(super) fn unique<T>(ids: &[Id<T>]) -> Vec<Id<T>> {
    let mut seen = BTreeSet::new();
    ids.iter().copied().filter(|id| seen.insert(*id)).collect()
}

/// Refuses unknown ids.
pub(super) async fn check_references(
    app: &App,
    products: &[Id<Product>],
    categories: &[Id<Category>],
    users: &[Id<User>],
) -> Result<(), Problem> {
    let found: Vec<_> = app.store.products.find_all(unique(products)).await?.into_iter().map(|it| it.id).collect();
    known("/applicableProducts", "product", products, &found)?;
    let found: Vec<_> = app.store.categories.find_all(unique(categories)).await?.into_iter().map(|it| it.id).collect();
    known("/applicableCategories", "category", categories, &found)?;
    let found: Vec<_> = app.store.users.find_all(unique(users)).await?.into_iter().map(|it| it.id).collect();
    known("/userRestrictions/specificUsers", "user", users, &found)
}

fn known<T>(pointer: &str, what: &str, wanted: &[Id<T>], found: &[Id<T>]) -> Result<(), Problem> {
    match wanted.iter().position(|id| !found.contains(id)) {
        Some(index) => Err(Problem::new(ProblemCode::UnknownReference).field(
            format!("{pointer}/{index}"),
            FieldCode::UnknownReference,
            format!("there is no such {what}"),
        )),
        None => Ok(()),
    }
}
