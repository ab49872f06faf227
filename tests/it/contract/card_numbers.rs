//! Card numbers in free text: every operation refuses them, and nothing of them is kept.

use serde_json::{Value, json};
use shared::domain::Random;
use tests::{TestShop, log, people::address};

use super::{
    findings::{Findings, points_at},
    operations::{Api, Operation},
    samples::{Field, fields, good_body_with},
    world::World,
};

/// The fields with a grammar of their own, by name: a barcode or a telephone number must not be refused as a card.
const IDENTIFIERS: [&str; 17] = [
    "sku",
    "variant",
    "code",
    "couponCode",
    "phone",
    "phoneNumber",
    "trackingNumber",
    "trackingUrl",
    "url",
    "image",
    "images",
    "icon",
    "avatar",
    "iban",
    "accountNumber",
    "routingNumber",
    "token",
];

const PLANTINGS: usize = 1000;
const SEED: u64 = 13;

/// Every field that takes any text; a new one joins by itself.
fn is_free_text(field: &Field) -> bool {
    let has_a_form = matches!(field.schema["format"].as_str(), Some("email" | "date-time" | "password"));
    let is_secret = field.name.ends_with("Token") || field.name.ends_with("Secret");
    let is_text = field.may_be("string") && field.schema.get("enum").is_none() && !has_a_form;
    field.is_map() || is_text && !is_secret && !IDENTIFIERS.contains(&field.name.as_str())
}

/// A number of one of the networks, with a valid checksum.
fn card_number(random: &Random) -> String {
    const NETWORKS: [(&str, usize); 18] = [
        ("4", 16),
        ("4", 13),
        ("4", 19),
        ("51", 16),
        ("55", 16),
        ("2221", 16),
        ("2720", 16),
        ("34", 15),
        ("37", 15),
        ("6011", 16),
        ("65", 16),
        ("3528", 16),
        ("3589", 16),
        ("62", 16),
        ("62", 19),
        ("36", 14),
        ("305", 14),
        ("6759", 18),
    ];
    let pick = usize::try_from(random.below(NETWORKS.len() as u64)).unwrap();
    let (prefix, length) = NETWORKS[pick];
    let mut number = prefix.to_owned();
    while number.len() < length - 1 {
        number += &random.below(10).to_string();
    }
    let check = (0..10).find(|check| is_luhn(&format!("{number}{check}"))).unwrap();
    format!("{number}{check}")
}

fn is_luhn(number: &str) -> bool {
    let doubled = |digit: u32| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    let digits = number.chars().rev().map(|digit| digit.to_digit(10).unwrap()).enumerate();
    digits.map(|(place, digit)| if place % 2 == 0 { digit } else { doubled(digit) }).sum::<u32>() % 10 == 0
}

/// The number in groups as cards have them.
fn grouped(number: &str, separator: &str) -> String {
    let lengths: &[usize] = match number.len() {
        13 => &[4, 3, 3, 3],
        14 => &[4, 6, 4],
        15 => &[4, 6, 5],
        _ => &[4, 4, 4, 4, 4],
    };
    let (mut groups, mut rest) = (Vec::new(), number);
    for length in lengths {
        let (group, behind) = rest.split_at((*length).min(rest.len()));
        groups.push(group);
        rest = behind;
    }
    groups.into_iter().filter(|group| !group.is_empty()).collect::<Vec<_>>().join(separator)
}

/// The number as people write it, alone and within sentences.
fn planted(number: &str, how: usize) -> String {
    match how % 7 {
        0 => number.to_owned(),
        1 => grouped(number, " "),
        2 => grouped(number, "-"),
        3 => format!("Please charge {number}, thanks."),
        4 => format!("my card {} expires 12/30", grouped(number, " ")),
        5 => format!("Card: {}; ask for me", grouped(number, "-")),
        _ => format!("first line\n{} 12/30 123", grouped(number, "\u{a0}")),
    }
}

fn with_planted(body: &Value, field: &Field, text: &str, how: usize) -> Value {
    let mut body = body.clone();
    let value = match (field.is_map(), how % 2) {
        (true, 0) => json!({"Material": text}),
        (true, _) => json!({text: "clay"}),
        (false, _) => json!(text),
    };
    let (parent, name) = field.pointer.rsplit_once('/').unwrap();
    match body.pointer_mut(parent) {
        Some(Value::Object(members)) => drop(members.insert(name.to_owned(), value)),
        Some(Value::Array(items)) => items[name.parse::<usize>().unwrap()] = value,
        other => panic!("{} is in {other:?}", field.pointer),
    }
    body
}

/// Without what separates the digits of a number.
fn dense(text: &str) -> String {
    text.chars().filter(|character| !matches!(character, ' ' | '-' | '\u{a0}')).collect()
}

#[tokio::test]
async fn a_card_number_in_any_free_text_is_refused_and_kept_nowhere() {
    log::capture();
    let (api, world) = (Api::load(), World::build().await);
    let operations = api.operations.iter().filter(|operation| operation.body().is_some());
    let places: Vec<(&Operation, Field)> = operations
        .flat_map(|operation| fields(&api, operation).into_iter().map(move |field| (operation, field)))
        .filter(|(_, field)| is_free_text(field))
        .collect();
    assert!((100..=PLANTINGS).contains(&places.len()), "{} fields", places.len());
    let (random, mut findings, mut numbers) = (Random::seeded(SEED), Findings::default(), Vec::new());
    let before = world.contents().await;
    for (planting, (operation, field)) in places.iter().cycle().take(PLANTINGS).enumerate() {
        let number = card_number(&random);
        // Another way in each round over the fields.
        let text = planted(&number, planting + planting / places.len());
        let body = with_planted(&good_body_with(&api, &world, operation, field), field, &text, planting);
        let request = world.allowed(operation, &world.path(operation));
        let reply = request.raw("application/json", body.to_string()).send().await;
        let what = format!("{} with {text:?} at {}", operation.name(), field.pointer);
        findings.expect_refusal(&what, &reply, &[422], &["raw_card_data_refused"]);
        findings.expect(points_at(&reply.json, &field.pointer), || format!("{what}: {}", reply.json["errors"]));
        let quoted = dense(&String::from_utf8_lossy(&reply.body)).contains(&number);
        findings.expect(!quoted, || format!("{what}: the answer quotes it"));
        numbers.push(number);
    }
    world.expect_unchanged(&before, "card numbers in free text", &mut findings).await;
    world.shop.run_maintenance().await;
    for (place, content) in world.shop.kept().await {
        let content = dense(&content);
        let found = numbers.iter().filter(|number| content.contains(number.as_str())).count();
        findings.expect(found == 0, || format!("{place} has {found} of the numbers"));
        findings.expect(place != "log" || content.contains("raw_card_data_refused"), || "no log".to_owned());
    }
    findings.assert_none();
}

// A18
#[tokio::test]
async fn identifiers_with_the_digits_of_a_card_are_accepted() {
    const BARCODE: &str = "4006381330060";
    assert!(is_luhn(BARCODE));
    let shop = TestShop::start().await;
    let fields = json!({
        "options": [{"name": "Size", "values": ["M"]}],
        "variants": [{"sku": BARCODE, "choices": {"Size": "M"}, "quantity": 5}],
        "specifications": {"EAN": BARCODE},
        "inventory": {},
    });
    let shirt = shop.product("SHIRT", fields).await;
    let ada = shop.customer("ada").await;
    ada.post("/v1/cart/items", json!({"productId": shirt, "variant": BARCODE, "quantity": 1})).await.is(200);
    let mut home = address();
    home["type"] = json!("shipping");
    home["phone"] = json!("00491760110008");
    assert!(is_luhn("00491760110008"));
    ada.post("/v1/auth/me/addresses", home).await.is(201);
    let review =
        json!({"productId": shirt, "rating": 5, "comment": "call 00491760110008 or order 42424242424242424242"});
    assert_ne!(ada.post("/v1/reviews", review).await.json["code"], "raw_card_data_refused");
}
