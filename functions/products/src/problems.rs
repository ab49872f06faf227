//! Errors of catalogue changes, and their problems.

use shared::{
    app::{change_product::ChangeProductError, save_category::SaveCategoryError, save_product::SaveProductError},
    domain::inventory::StockRecord,
    http::{FieldCode, Problem, ProblemCode},
    store::{StoreError, TransactionError},
};

/// An error of a catalogue change.
#[derive(Debug)]
pub(crate) enum CatalogueProblem {
    /// It does not exist, or is not visible to the caller.
    NotFound(&'static str),
    /// The product cannot be saved.
    Save(SaveProductError),
    /// The product is not sold under this SKU.
    UnknownSku,
    /// The stock is not what was expected, or would become negative; the current record.
    StockConflict(Box<StockRecord>),
    /// The category cannot be saved.
    Category(SaveCategoryError),
    /// The category has products or children.
    CategoryInUse,
    /// The store did not answer.
    Store(StoreError),
}

impl From<StoreError> for CatalogueProblem {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
impl From<SaveProductError> for CatalogueProblem {
    fn from(error: SaveProductError) -> Self {
        Self::Save(error)
    }
}
impl From<ChangeProductError> for CatalogueProblem {
    fn from(error: ChangeProductError) -> Self {
        match error {
            ChangeProductError::NotFound => Self::NotFound("product"),
            ChangeProductError::Save(error) => Self::Save(error),
        }
    }
}
impl From<SaveCategoryError> for CatalogueProblem {
    fn from(error: SaveCategoryError) -> Self {
        Self::Category(error)
    }
}

impl TransactionError for CatalogueProblem {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::Save(error) => error.store_error(),
            Self::Category(error) => error.store_error(),
            _ => None,
        }
    }
}

impl From<CatalogueProblem> for Problem {
    fn from(problem: CatalogueProblem) -> Self {
        match problem {
            CatalogueProblem::NotFound(what) => Self::not_found(what),
            CatalogueProblem::Save(error) => match error {
                SaveProductError::Invalid(invalid) => Self::new(ProblemCode::ValidationFailed).field(
                    format!("/{}", invalid.field()),
                    FieldCode::Invalid,
                    invalid.to_string(),
                ),
                SaveProductError::CurrencyNotSold(_) => Self::new(ProblemCode::ValidationFailed).field(
                    "/price/currency",
                    FieldCode::Unavailable,
                    error.to_string(),
                ),
                SaveProductError::UnknownCategory => Self::new(ProblemCode::UnknownReference).field(
                    "/category",
                    FieldCode::UnknownReference,
                    "there is no such category",
                ),
                SaveProductError::BackorderOwed(_) => Self::new(ProblemCode::StockConflict).detail(error.to_string()),
                SaveProductError::SlugTaken => Self::new(ProblemCode::SlugTaken),
                SaveProductError::SkuTaken(sku) => {
                    Self::new(ProblemCode::SkuTaken).detail(format!("Another product or variant has the SKU {sku}."))
                }
                SaveProductError::Illegal(error) => error.into(),
                SaveProductError::Store(error) => error.into(),
            },
            CatalogueProblem::UnknownSku => Self::new(ProblemCode::UnknownReference).field(
                "/sku",
                FieldCode::UnknownReference,
                "the product is not sold under this SKU",
            ),
            CatalogueProblem::StockConflict(record) => Self::new(ProblemCode::StockConflict)
                .member("onHand", record.on_hand)
                .member("reserved", record.reserved)
                .member("available", record.available),
            CatalogueProblem::Category(error) => match error {
                SaveCategoryError::NotFound => Self::not_found("category"),
                SaveCategoryError::UnknownParent => Self::new(ProblemCode::UnknownReference).field(
                    "/parent",
                    FieldCode::UnknownReference,
                    "there is no such category",
                ),
                SaveCategoryError::SlugTaken => Self::new(ProblemCode::SlugTaken),
                SaveCategoryError::NameTaken => Self::new(ProblemCode::Conflict)
                    .detail("A sibling category has this name.")
                    .field("/name", FieldCode::Taken, "siblings differ in their names"),
                SaveCategoryError::Cycle => Self::new(ProblemCode::CategoryCycle),
                SaveCategoryError::Store(error) => error.into(),
            },
            CatalogueProblem::CategoryInUse => Self::new(ProblemCode::CategoryInUse),
            CatalogueProblem::Store(error) => error.into(),
        }
    }
}
