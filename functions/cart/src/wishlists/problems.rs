//! Errors of wishlist changes, and their problems.

use shared::{
    app::move_to_cart::MoveToCartError,
    domain::{cart::CartError, wishlist::WishlistError},
    http::{Problem, ProblemCode},
    store::{StoreError, TransactionError},
};

use crate::problems::CartProblem;

/// An error of a wishlist change.
#[derive(Debug)]
pub(crate) enum WishlistProblem {
    /// It does not exist, or belongs to another customer.
    NotFound,
    /// The rules of the wishlist.
    Wishlist(WishlistError),
    /// The rules of the cart.
    Cart(CartError),
    /// The customer has the maximum number of wishlists.
    TooManyLists,
    /// The account is gone.
    AccountClosed,
    /// The database could not do it.
    Store(StoreError),
}

impl From<StoreError> for WishlistProblem {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<WishlistError> for WishlistProblem {
    fn from(error: WishlistError) -> Self {
        Self::Wishlist(error)
    }
}

impl From<MoveToCartError> for WishlistProblem {
    fn from(error: MoveToCartError) -> Self {
        match error {
            MoveToCartError::NotFound => Self::NotFound,
            MoveToCartError::Wishlist(error) => Self::Wishlist(error),
            MoveToCartError::Cart(error) => Self::Cart(error),
            MoveToCartError::Store(error) => Self::Store(error),
        }
    }
}

impl TransactionError for WishlistProblem {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Store(error) = self { Some(error) } else { None }
    }
}

impl From<WishlistProblem> for Problem {
    fn from(problem: WishlistProblem) -> Self {
        match problem {
            WishlistProblem::NotFound => Self::not_found("wishlist"),
            WishlistProblem::Wishlist(WishlistError::UnknownItem) => Self::not_found("product on the wishlist"),
            WishlistProblem::Wishlist(WishlistError::TooManyItems) => Self::new(ProblemCode::Conflict)
                .detail("The wishlist has the maximum number of products. Remove one first."),
            WishlistProblem::Cart(error) => CartProblem::Cart(error).into(),
            WishlistProblem::TooManyLists => {
                Self::new(ProblemCode::Conflict).detail("You have the maximum number of wishlists. Delete one first.")
            }
            WishlistProblem::AccountClosed => Self::new(ProblemCode::InvalidToken),
            WishlistProblem::Store(error) => error.into(),
        }
    }
}
