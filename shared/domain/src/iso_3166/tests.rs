use std::collections::{BTreeMap, BTreeSet};

use super::*;

/// The United States' military mail.
const BESIDE_ISO: [&str; 3] = ["US-AA", "US-AE", "US-AP"];

#[test]
fn the_codes_are_those_of_iso_3166() {
    let ours: BTreeSet<&str> = rows(SUBDIVISIONS).map(|row| row.code).collect();
    let theirs = rust_iso3166::iso3166_2::SUBDIVISION_MAP;
    let expected: BTreeSet<&str> = theirs.keys().copied().chain(BESIDE_ISO).collect();
    assert_eq!(ours.difference(&expected).collect::<Vec<_>>(), Vec::<&&str>::new(), "withdrawn by ISO");
    assert_eq!(expected.difference(&ours).collect::<Vec<_>>(), Vec::<&&str>::new(), "new at ISO");

    let ours: BTreeMap<&str, &str> = rows(COUNTRIES).map(|row| (row.code, row.other)).collect();
    let expected = rust_iso3166::ALL_ALPHA2.iter().filter_map(|code| rust_iso3166::from_alpha2(code));
    let expected = expected.map(|country| (country.alpha2, country.alpha3));
    assert_eq!(ours, expected.chain([("XK", "XKX")]).collect());
}

#[test]
fn no_two_rows_share_a_code_or_name() {
    let mut known = BTreeMap::new();
    let mut leads_to = |within: &'static str, text: &str, code: &'static str| {
        let other = known.insert((within, fold(text)), code).filter(|other| *other != code);
        assert_eq!(other, None, "{text} is {code} too");
    };
    for country in rows(COUNTRIES) {
        for text in [country.code, country.other].into_iter().chain(country.names()) {
            leads_to("", text, country.code);
        }
    }
    for row in rows(SUBDIVISIONS) {
        let (country, local) = row.code.split_once('-').unwrap();
        for text in [row.code, local].into_iter().chain(row.names()) {
            leads_to(country, text, row.code);
        }
        let parent = Some(row.other).filter(|parent| !parent.is_empty());
        assert!(parent.is_none_or(|parent| subdivision_codes(country).any(|code| code == parent)), "{}", row.code);
    }
}

// M5
#[test]
fn subdivisions_are_recognised_as_people_write_them() {
    for (country, code, spellings) in [
        (
            "US",
            "CA",
            &["CA", "ca", "US-CA", "us-ca", "California", " california ", "Calif.", "State of California"][..],
        ),
        ("US", "NY", &["NY", "N.Y.", "New York", "New York State", "n.y."]),
        ("US", "TX", &["Tex.", "TEXAS"]),
        ("US", "DC", &["Washington DC", "Washington, D.C.", "District of Columbia", "D.C."]),
        ("US", "WA", &["Washington", "Wash.", "Washington State"]),
        ("US", "AE", &["AE", "Armed Forces Europe"]),
        ("CA", "QC", &["Québec", "Quebec", "Que.", "PQ", "CA-QC"]),
        ("CA", "ON", &["Ontario", "Ont."]),
        ("CA", "NL", &["Newfoundland & Labrador", "Newfoundland and Labrador", "Nfld."]),
        ("CA", "BC", &["B.C.", "British Columbia", "Colombie-Britannique"]),
        ("DE", "BY", &["Bayern", "Bavaria", "DE-BY"]),
        ("DE", "BW", &["Baden-Württemberg", "Baden-Wuerttemberg", "Baden Wurttemberg"]),
        ("DE", "TH", &["Thüringen", "Thueringen", "Thuringia"]),
        ("GB", "ENG", &["England", "ENG", "Greater Manchester", "Middlesex"]),
        ("GB", "HAM", &["Hampshire", "Hants"]),
        ("GB", "LND", &["London", "City of London"]),
        ("JP", "13", &["Tokyo", "Tōkyō", "東京都", "東京", "Tokyo-to", "13", "JP-13"]),
        ("JP", "26", &["Kyoto", "京都府", "京都", "Kyoto Prefecture"]),
        ("JP", "27", &["Osaka", "Osaka-fu", "大阪府"]),
        ("BR", "SP", &["São Paulo", "Sao Paulo", "SP", "Estado de São Paulo"]),
        ("IN", "MH", &["Maharashtra", "महाराष्ट्र"]),
        ("IN", "OD", &["Odisha", "Orissa", "OR"]),
        ("AU", "NSW", &["New South Wales", "N.S.W.", "nsw"]),
        ("AU", "VIC", &["Victoria", "Vic."]),
        ("IE", "D", &["Dublin", "Co. Dublin", "County Dublin", "Dublin County"]),
        ("ES", "CT", &["Catalonia", "Cataluña", "Catalunya"]),
        ("IT", "MI", &["Milano", "Milan", "MI", "Provincia di Milano"]),
        ("FR", "IDF", &["Île-de-France", "Ile de France"]),
        ("MX", "CMX", &["Ciudad de México", "CDMX", "Mexico City"]),
        ("KR", "11", &["Seoul", "서울특별시", "서울"]),
        ("CN", "GD", &["Guangdong", "广东省", "广东", "Guangdong Province"]),
        ("PL", "10", &["Łódzkie", "Lodzkie", "LD"]),
        ("CH", "ZH", &["Zürich", "Zurich", "Kanton Zürich"]),
    ] {
        for spelling in spellings {
            assert_eq!(normalise_subdivision(country, spelling), Ok(code.to_owned()), "{country}: {spelling}");
        }
    }
}

// M5
#[test]
fn an_unknown_subdivision_is_none_and_an_empty_one_is_fine() {
    for (country, text) in
        [("US", "Narnia"), ("US", "XX"), ("US", "CA-QC"), ("CA", "California"), ("DE", "Wessex"), ("US", "!!")]
    {
        assert_eq!(normalise_subdivision(country, text), Err(UnknownSubdivision), "{country}: {text}");
    }
    // Both a county and a city are called so.
    assert_eq!(normalise_subdivision("TW", "Hsinchu"), Err(UnknownSubdivision));
    assert_eq!(normalise_subdivision("TW", "Hsinchu County"), Ok("HSQ".to_owned()));
    for (country, text, stored) in [
        ("US", "", ""),
        ("DE", "  ", ""),
        ("SG", "Singapore", ""),
        // ISO 3166-2 has no subdivisions there.
        ("HK", " Kowloon ", "Kowloon"),
        ("GI", "Gibraltar", "Gibraltar"),
    ] {
        assert_eq!(normalise_subdivision(country, text), Ok(stored.to_owned()), "{country}: {text}");
    }
}

// M5
#[test]
fn countries_are_recognised_by_code_and_name() {
    for (code, spellings) in [
        ("US", &["US", "us", "USA", "U.S.A.", "United States", "united states of america"][..]),
        ("GB", &["GB", "GBR", "UK", "U.K.", "United Kingdom", "Great Britain"]),
        ("DE", &["DE", "DEU", "Germany", "Deutschland"]),
        ("CI", &["Côte d'Ivoire", "Cote d’Ivoire", "Ivory Coast"]),
        ("JP", &["Japan", "日本"]),
        ("TR", &["Türkiye", "Turkey"]),
        ("XK", &["Kosovo"]),
    ] {
        for spelling in spellings {
            assert_eq!(find_country(spelling), Some(code), "{spelling}");
        }
    }
    for other in ["", " ", "XX", "U", "USAA", "EU", "Narnia", "Congo", "*"] {
        assert_eq!(find_country(other), None, "{other}");
    }
}

#[test]
fn a_province_lies_in_its_region() {
    assert_eq!(parent_subdivision("ES", "GC"), Some("CN"));
    assert_eq!(parent_subdivision("ES", "CN"), None);
    assert_eq!(parent_subdivision("US", "CA"), None);
    assert_eq!(parent_subdivision("US", "Narnia"), None);
}
