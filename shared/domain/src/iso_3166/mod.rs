//! Countries and their subdivisions as people write them, and their codes (ISO 3166-1 alpha-2, ISO 3166-2).
//!
//! The tables name their sources. A test compares the codes with a crate that follows ISO's changes.

#[cfg(test)]
mod tests;

use std::{collections::HashMap, ops::Range, sync::LazyLock};

use unicode_normalization::UnicodeNormalization;

/// Alpha-2, alpha-3, names.
const COUNTRIES: &str = include_str!("countries.txt");

/// Code, code of the subdivision that it lies in, names; in the order of the countries.
const SUBDIVISIONS: &str = include_str!("subdivisions.txt");

/// Words that say what sort of subdivision it is, before or after its name.
const KINDS: &[&str] = &[
    "autonomous",
    "canton",
    "cantone",
    "city",
    "co",
    "comunidad",
    "commonwealth",
    "county",
    "department",
    "departamento",
    "departement",
    "district",
    "do",
    "estado",
    "fu",
    "governorate",
    "ken",
    "kanton",
    "land",
    "municipality",
    "oblast",
    "prefecture",
    "province",
    "provincia",
    "provincie",
    "provinz",
    "region",
    "regione",
    "republic",
    "sheng",
    "shi",
    "state",
    "territory",
    "to",
    "voivodeship",
    "wojewodztwo",
];

/// Words between the sort and the name.
const PARTICLES: &[&str] = &["de", "del", "della", "di", "do", "of", "the"];

/// The text names no subdivision of its country.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("the country has no such subdivision (ISO 3166-2)")]
pub struct UnknownSubdivision;

/// The alpha-2 code of a country that is written as one of its codes or usual names.
pub fn find_country(text: &str) -> Option<&'static str> {
    let mut countries = rows(COUNTRIES);
    if let Some(country) = countries.clone().find(|country| country.code == text) {
        return Some(country.code);
    }
    let wanted = fold(text);
    let is_wanted = |country: &Row| {
        [country.code, country.other].iter().any(|code| code.eq_ignore_ascii_case(&wanted)) || country.is_named(&wanted)
    };
    countries.find(is_wanted).map(|country| country.code)
}

/// The subdivision of an address as it is stored: its code without the country's. Empty stays empty, because many
/// addresses have none, and so does the country's own name (`Singapore`, in Singapore). Where ISO 3166-2 has no
/// subdivisions, the text stays as it is.
///
/// # Errors
/// If the country has subdivisions and this is none of them.
pub fn normalise_subdivision(country: &str, text: &str) -> Result<String, UnknownSubdivision> {
    let text = text.trim();
    if text.is_empty() || subdivisions_of(country).next().is_none() {
        return Ok(text.to_owned());
    }
    match find_subdivision(country, text) {
        Some(subdivision) => Ok(local_code(subdivision.code).to_owned()),
        None if find_country(text) == Some(country) => Ok(String::new()),
        None => Err(UnknownSubdivision),
    }
}

/// The codes of a country's subdivisions without the country's.
pub fn subdivision_codes(country: &str) -> impl Iterator<Item = &'static str> + use<> {
    subdivisions_of(country).map(|subdivision| local_code(subdivision.code))
}

/// The code of the subdivision that this one lies in, both without the country's: Las Palmas (`GC`) in the Canary Islands
/// (`CN`).
pub fn parent_subdivision(country: &str, code: &str) -> Option<&'static str> {
    let subdivision = subdivisions_of(country).find(|subdivision| local_code(subdivision.code) == code)?;
    (!subdivision.other.is_empty()).then_some(subdivision.other)
}

fn find_subdivision(country: &str, text: &str) -> Option<Row> {
    // What most addresses have, without a look at the names.
    if let Some(found) = subdivisions_of(country).find(|row| row.code == text || local_code(row.code) == text) {
        return Some(found);
    }
    let wanted = fold(text);
    let has_code = |row: &Row| fold(row.code) == wanted || local_code(row.code).eq_ignore_ascii_case(&wanted);
    let found = subdivisions_of(country).find(has_code);
    if found.is_some() || wanted.is_empty() {
        return found;
    }
    subdivisions_of(country).find(|row| row.is_named(&wanted)).or_else(|| {
        let wanted = without_kind(text);
        let mut named = subdivisions_of(country).filter(|row| row.names().any(|name| without_kind(name) == wanted));
        // Two of different sorts (a city and the district around it) may share the rest of the name.
        let found = named.next();
        found.filter(|_| named.next().is_none())
    })
}

#[derive(Clone, Copy, Debug)]
struct Row {
    code: &'static str,
    other: &'static str,
    names: &'static str,
}

impl Row {
    fn names(&self) -> impl Iterator<Item = &'static str> {
        self.names.split('|').filter(|name| !name.is_empty())
    }

    fn is_named(&self, folded: &str) -> bool {
        !folded.is_empty() && self.names().any(|name| fold(name) == folded)
    }
}

fn rows(table: &'static str) -> impl Iterator<Item = Row> + Clone {
    table.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut columns = line.split('\t');
        Some(Row { code: columns.next()?, other: columns.next()?, names: columns.next()? })
    })
}

/// Where the rows of each country are.
static SECTIONS: LazyLock<HashMap<&str, Range<usize>>> = LazyLock::new(|| {
    let mut sections: HashMap<&str, Range<usize>> = HashMap::new();
    let mut start = 0;
    for line in SUBDIVISIONS.split_inclusive('\n') {
        let end = start + line.len();
        if let Some((country, _)) = line.split_once('-').filter(|_| !line.starts_with('#')) {
            sections.entry(country).or_insert(start..end).end = end;
        }
        start = end;
    }
    sections
});

fn subdivisions_of(country: &str) -> impl Iterator<Item = Row> + use<> {
    let section = SECTIONS.get(country).and_then(|section| SUBDIVISIONS.get(section.clone()));
    rows(section.unwrap_or_default())
}

/// `CA` of `US-CA`.
fn local_code(code: &str) -> &str {
    code.split_once('-').map_or(code, |(_, local)| local)
}

/// Letters and digits only, without case and accents: `Sao Paulo` is `São Paulo`, `N.S.W.` is `NSW`.
fn fold(text: &str) -> String {
    let is_accent = |letter: &char| ('\u{300}'..='\u{36f}').contains(letter);
    let mut folded = String::with_capacity(text.len());
    for letter in text.nfkd().filter(|letter| !is_accent(letter)).flat_map(char::to_lowercase) {
        match letter {
            'ł' => folded.push('l'),
            'ø' => folded.push('o'),
            'đ' | 'ð' => folded.push('d'),
            'ı' => folded.push('i'),
            'ħ' => folded.push('h'),
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'þ' => folded.push_str("th"),
            '&' => folded.push_str("and"),
            letter if letter.is_alphanumeric() => folded.push(letter),
            _ => {}
        }
    }
    folded
}

/// The name alone: `dublin` of `Co. Dublin`, `saopaulo` of `Estado de São Paulo`, `osaka` of `Osaka-fu`.
fn without_kind(text: &str) -> String {
    let words: Vec<String> = text
        .split(|letter: char| letter.is_whitespace() || letter == '-')
        .map(fold)
        .filter(|word| !word.is_empty())
        .collect();
    let mut name = words.as_slice();
    while let [kind, rest @ ..] = name
        && !rest.is_empty()
        && (KINDS.contains(&kind.as_str()) || PARTICLES.contains(&kind.as_str()))
    {
        name = rest;
    }
    while let [rest @ .., kind] = name
        && !rest.is_empty()
        && KINDS.contains(&kind.as_str())
    {
        name = rest;
    }
    name.concat()
}
