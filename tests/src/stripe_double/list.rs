//! The page "Pagination": newest first, `limit` from 1 to 100 (10 unless given), `starting_after`, `ending_before`.

use serde_json::{Value, json};

use super::{
    error::{Answer, StripeError},
    form::Form,
    state::Resource,
};

const DEFAULT_LIMIT: i64 = 10;
const MAX_LIMIT: i64 = 100;

/// A page of those objects for which `matches` holds.
pub(super) fn page<T: Resource>(all: &[T], url: &str, form: &Form, matches: impl Fn(&T) -> bool) -> Answer {
    let limit = form.integer("limit")?.unwrap_or(DEFAULT_LIMIT);
    let bound = match limit {
        ..=0 => Some("greater than or equal to 1"),
        1..=MAX_LIMIT => None,
        _ => Some("less than or equal to 100"),
    };
    if let Some(bound) = bound {
        let message = format!("This value must be {bound} (it currently is '{limit}').");
        return Err(StripeError::invalid("limit", message).code("parameter_invalid_integer"));
    }
    let limit = usize::try_from(limit).unwrap();
    let matching: Vec<&T> = all.iter().rev().filter(|each| matches(each)).collect();
    let position = |param: &str| match form.text(param) {
        None => Ok(None),
        Some(id) => {
            let known = all.iter().any(|each| each.id() == id);
            let at = matching.iter().position(|each| each.id() == id);
            if known { Ok(at) } else { Err(StripeError::no_such(400, T::NAME, id, param)) }
        }
    };
    let (data, has_more): (&[&T], bool) = match (position("starting_after")?, position("ending_before")?) {
        (_, Some(before)) => {
            let start = before.saturating_sub(limit);
            (&matching[start..before], start > 0)
        }
        (after, None) => {
            let rest = &matching[after.map_or(0, |at| at + 1)..];
            (&rest[..rest.len().min(limit)], rest.len() > limit)
        }
    };
    let data: Vec<Value> = data.iter().map(|each| each.json()).collect();
    Ok(json!({"object": "list", "url": url, "has_more": has_more, "data": data}))
}
