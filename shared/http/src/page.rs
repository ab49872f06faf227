//! Keyset pagination. A cursor is the sort key of the last item of a page, so that concurrent writes neither repeat nor
//! skip items.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{problem::Problem, query};
use shop_validation::{Validate, Violations, rules::range};

/// Longer than any cursor that the shop issues.
const CURSOR_LIMIT_BYTES: usize = 2048;

/// The parameters of every list, read beside its filters: `ValidQuery<PageQuery>`, `ValidQuery<Filters>`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// The maximum number of items on a page.
    #[serde(default = "default_limit")]
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: u32,
    /// The `nextCursor` of the previous page.
    pub cursor: Option<String>,
    /// Whether to count the items of all pages, which takes longer.
    #[serde(default)]
    pub count: bool,
}

const fn default_limit() -> u32 {
    20
}

impl Validate for PageQuery {
    fn validate(&self, v: &mut Violations) {
        v.check("limit", &self.limit, range(1..=100));
    }
}

impl PageQuery {
    /// The sort key after which the page begins; `None` for the first page.
    pub fn after<K: DeserializeOwned>(&self) -> Result<Option<K>, Problem> {
        self.cursor.as_deref().map(decode_cursor).transpose()
    }

    /// How many documents to load: one more than the limit shows whether there is another page.
    pub const fn fetch(&self) -> i64 {
        self.limit as i64 + 1
    }
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// The cursor of the next page; null on the last page.
    #[schema(required)]
    pub next_cursor: Option<String>,
    /// The number of items on all pages, if requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
}

impl<T> Page<T> {
    /// The page of up to [`PageQuery::fetch`] documents: `key` is the sort key of a document, `view` its form in the
    /// API.
    pub fn new<D, K: Serialize>(
        mut documents: Vec<D>,
        query: &PageQuery,
        key: impl FnOnce(&D) -> K,
        view: impl FnMut(D) -> T,
    ) -> Self {
        let limit = query.limit as usize;
        let more = documents.len() > limit;
        documents.truncate(limit);
        let next_cursor = if more { documents.last().map(|last| encode_cursor(&key(last))) } else { None };
        Self { items: documents.into_iter().map(view).collect(), next_cursor, count: None }
    }

    /// A whole list as one page, for lists that are always short.
    pub const fn whole(items: Vec<T>) -> Self {
        Self { items, next_cursor: None, count: None }
    }

    /// Adds the number of items on all pages.
    #[must_use]
    pub const fn with_count(mut self, count: Option<u64>) -> Self {
        self.count = count;
        self
    }
}

/// The opaque form of a sort key: base64url of its JSON.
pub fn encode_cursor<K: Serialize>(key: &K) -> String {
    // Sort keys are tuples of text, numbers and ids: writing them as JSON cannot fail.
    BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(key).unwrap_or_default())
}

/// The sort key of a cursor; 422 `invalid_query` if it is not a cursor of this list.
pub fn decode_cursor<K: DeserializeOwned>(cursor: &str) -> Result<K, Problem> {
    let refused = || query::invalid("cursor", "must be the nextCursor of the same list");
    if cursor.len() > CURSOR_LIMIT_BYTES {
        return Err(refused());
    }
    let json = BASE64_URL_SAFE_NO_PAD.decode(cursor).map_err(|_| refused())?;
    serde_json::from_slice(&json).map_err(|_| refused())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::ProblemCode;
    use shop_domain::{Id, user::User};

    fn query(limit: u32) -> PageQuery {
        PageQuery { limit, cursor: None, count: false }
    }

    #[test]
    fn a_cursor_reads_back_as_what_it_was() {
        let id: Id<User> = "507f1f77bcf86cd799439011".parse().unwrap();
        let cursor = encode_cursor(&("Müg", -5_i64, id));
        assert!(cursor.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')));
        assert_eq!(decode_cursor::<(String, i64, Id<User>)>(&cursor).unwrap(), ("Müg".to_owned(), -5, id));
    }

    #[test]
    fn a_cursor_that_is_not_of_this_list_is_refused() {
        let long = "A".repeat(CURSOR_LIMIT_BYTES + 1);
        let operator = BASE64_URL_SAFE_NO_PAD.encode(r#"{"$gt":""}"#);
        for cursor in ["", "x", "%%%", &encode_cursor(&"text"), &encode_cursor(&(1,)), &operator, &long] {
            let problem = decode_cursor::<(i64, Id<User>)>(cursor).unwrap_err();
            assert_eq!((problem.code(), problem.errors()[0].pointer.as_str()), (ProblemCode::InvalidQuery, "/cursor"));
        }
    }

    #[test]
    fn the_last_page_has_no_next_one() {
        let page = Page::new(vec![1, 2, 3], &query(2), |last| *last, |item| item * 10);
        assert_eq!((page.items, page.next_cursor), (vec![10, 20], Some(encode_cursor(&2))));
        let page = Page::new(vec![1, 2], &query(2), |last| *last, |item| item);
        assert_eq!(serde_json::to_string(&page).unwrap(), r#"{"items":[1,2],"nextCursor":null}"#);
    }
}
