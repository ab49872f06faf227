//! Wishlists in answers to their owners.

use serde::Serialize;
use shared::{
    domain::{
        Id, Timestamp,
        wishlist::{Priority, Wishlist, WishlistItem},
    },
    http::{App, Problem},
    store::wishlists::WishlistSummary,
};

use super::product_card::{ProductCard, load_cards};

/// A wishlist.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Wishlist)]
pub(crate) struct WishlistView {
    #[schema(value_type = String)]
    id: Id<Wishlist>,
    name: String,
    /// In the order in which they were added.
    items: Vec<WishlistItemView>,
    /// Whether it is shared by link.
    is_public: bool,
    created_at: Timestamp,
    updated_at: Timestamp,
    /// Only in the answer to the request that shared it: the shop stores its hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    share_token: Option<String>,
}

/// A product on a wishlist.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = WishlistItem)]
pub(crate) struct WishlistItemView {
    product: ProductCard,
    /// From 1 (highest) to 5.
    priority: Priority,
    notes: Option<String>,
    added_at: Timestamp,
}

/// A wishlist without its items.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = WishlistSummary)]
pub(crate) struct WishlistSummaryView {
    #[schema(value_type = String)]
    id: Id<Wishlist>,
    name: String,
    item_count: i64,
    is_public: bool,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<WishlistSummary> for WishlistSummaryView {
    fn from(list: WishlistSummary) -> Self {
        let WishlistSummary { id, name, item_count, is_public, created_at, updated_at } = list;
        Self { id, name, item_count, is_public, created_at, updated_at }
    }
}

impl WishlistView {
    /// The wishlist with the current state of its products.
    pub(crate) async fn load(app: &App, list: Wishlist, share_token: Option<String>) -> Result<Self, Problem> {
        let cards = load_cards(app, &list.items).await?;
        let item = |(item, product): (WishlistItem, ProductCard)| WishlistItemView {
            product,
            priority: item.priority,
            notes: item.notes,
            added_at: item.added_at,
        };
        Ok(Self {
            id: list.id,
            name: list.name,
            items: list.items.into_iter().zip(cards).map(item).collect(),
            is_public: list.is_public,
            created_at: list.created_at,
            updated_at: list.updated_at,
            share_token,
        })
    }
}
