//! Generates the product with a given number, which is always the same one.

use std::{collections::BTreeMap, time::Duration};

use bson::oid::ObjectId;
use shared::domain::{
    Currency, Id, Money, Sku, Slug, Timestamp,
    category::Category,
    inventory::StockRecord,
    product::{
        Dimensions, Image, Price, Product, ProductOption, ProductStatus, Ratings, ShippingPolicy, StockPolicy, Variant,
    },
    shipping::ShippingMethod,
    user::User,
};

use super::lines::{COLOURS, Choice, LINES, Line, SERIES, STYLES};

/// 2024-01-01T00:00:00Z: when the first product was created.
const FIRST_CREATED_AT: Timestamp = Timestamp::from_millis(1_704_067_200_000);
/// The time between two products.
const INTERVAL: Duration = Duration::from_secs(31);

/// The number of different names.
const COMBINATIONS: u64 = (LINES.len() * STYLES.len() * COLOURS.len() * SERIES.len()) as u64;
/// Shares no factor with [`COMBINATIONS`], so that walking in steps of it meets each combination once.
const STRIDE: u64 = 716_539_297;

/// A product and the stock records of its SKUs.
pub(super) struct Seeded {
    pub(super) product: Product,
    pub(super) stock: Vec<StockRecord>,
}

/// The categories and sellers of the generated products.
pub(super) struct SeedContext {
    /// By path.
    pub(super) categories: BTreeMap<String, Category>,
    pub(super) sellers: Vec<Id<User>>,
}

/// The id of the product with this number. Ids ascend with the numbers.
pub(super) fn id(number: u32) -> Id<Product> {
    let seconds = u32::try_from(creation_time(number).as_seconds()).unwrap_or(u32::MAX).to_be_bytes();
    let counter = number.to_be_bytes();
    let mut bytes = *b"\0\0\0\0seed\0\0\0\0";
    bytes[..4].copy_from_slice(&seconds);
    bytes[8..].copy_from_slice(&counter);
    Id::from_object_id(ObjectId::from_bytes(bytes))
}

fn creation_time(number: u32) -> Timestamp {
    FIRST_CREATED_AT.plus(INTERVAL.saturating_mul(number))
}

/// The product with this number, and its stock.
pub(super) fn seeded(number: u32, context: &SeedContext) -> anyhow::Result<Seeded> {
    let combination = u64::from(number).wrapping_mul(STRIDE) % COMBINATIONS;
    let (line, rest) = (pick(LINES, combination), combination / LINES.len() as u64);
    let (style, rest) = (*pick(STYLES, rest), rest / STYLES.len() as u64);
    let (colour, rest) = (*pick(COLOURS, rest), rest / COLOURS.len() as u64);
    let series = *pick(SERIES, rest);
    let mut generator = Generator(u64::from(number));
    let material = *pick(&line.materials, generator.next_number());
    let name = format!("{series} {} {} in {colour}", style.to_lowercase(), line.noun);

    let category = context.categories.get(line.category);
    let id = id(number);
    let code = base36(number);
    let sku = Sku::try_new(format!("{}-{code:0>5}", line.code))?;
    let at = creation_time(number);
    let policy = StockPolicy::default();
    let variants = variants(&sku, line.option.as_ref())?;
    let mut product = Product {
        id,
        // The number makes it unique among all products of the shop.
        slug: Slug::from_name(&name).with_suffix(&code.to_lowercase()),
        description: description(line, &name, material, style, &mut generator),
        short_description: Some(format!("{style} {} of {material}, {colour}.", line.noun)),
        category: category.map(|category| category.id),
        category_path: category.map(|category| category.ancestors.clone()).unwrap_or_default(),
        subcategory: None,
        brand: Some(format!("{series} & Co")),
        price: price(line, &mut generator)?,
        inventory: policy,
        images: vec![Image {
            url: format!("https://images.example.test/{}/{}.webp", line.code.to_lowercase(), code.to_lowercase()),
            alt: name.clone(),
            is_primary: true,
        }],
        specifications: [("Material", material), ("Colour", colour), ("Series", series)]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
        dimensions: Some(Dimensions {
            weight: line.weight,
            length: line.size[0],
            width: line.size[1],
            height: line.size[2],
        }),
        shipping: ShippingPolicy {
            free_shipping: generator.one_in(25),
            shipping_class: Some(ShippingMethod::Standard),
            estimated_days: Some(5),
        },
        seo: None,
        // No order or review exists, so a recount of the derived figures gives zero.
        ratings: Ratings::default(),
        total_sold: 0,
        seller: *pick(&context.sellers, generator.next_number()),
        status: status(number),
        featured: generator.one_in(100),
        tags: vec![line.noun.to_owned(), material.to_owned(), colour.to_owned(), style.to_lowercase()],
        options: line.option.as_ref().map(option).into_iter().collect(),
        variants,
        related_products: Vec::new(),
        is_active: true,
        created_at: at,
        updated_at: at,
        name,
        sku,
    };
    capitalise(&mut product.name);
    let stock =
        product.skus().into_iter().map(|sku| StockRecord::new(sku, id, units(&mut generator), policy, at)).collect();
    Ok(Seeded { product, stock })
}

/// A few products are drafts and a few are archived; the first dozens are all published.
const fn status(number: u32) -> ProductStatus {
    match number % 100 {
        97 => ProductStatus::Draft,
        98 => ProductStatus::Archived,
        _ => ProductStatus::Published,
    }
}

fn price(line: &Line, generator: &mut Generator) -> anyhow::Result<Price> {
    let (low, high) = line.price;
    // Every price ends in 90.
    let regular = generator.between(low, high) / 100 * 100 + 90;
    let sale = generator.one_in(5).then(|| regular * (100 - generator.between(10, 40)) / 100);
    Ok(Price::try_new(Money::from_minor(regular), sale.map(Money::from_minor), Currency::USD)?)
}

fn units(generator: &mut Generator) -> i64 {
    match generator.next_number() % 100 {
        0..3 => 0,
        3..12 => generator.between(1, 10),
        _ => generator.between(11, 400),
    }
}

fn option(choice: &Choice) -> ProductOption {
    let values = choice.values.iter().map(|(value, _)| (*value).to_owned()).collect();
    ProductOption { name: choice.name.to_owned(), values }
}

fn variants(sku: &Sku, choice: Option<&Choice>) -> anyhow::Result<Vec<Variant>> {
    let Some(choice) = choice else { return Ok(Vec::new()) };
    let variant = |(value, more): &(&str, i64)| {
        Ok(Variant {
            sku: Sku::try_new(format!("{sku}-{}", value.to_uppercase()))?,
            choices: [(choice.name.to_owned(), (*value).to_owned())].into(),
            price_modifier: Money::from_minor(*more),
        })
    };
    choice.values.iter().map(variant).collect()
}

fn description(line: &Line, name: &str, material: &str, style: &str, generator: &mut Generator) -> String {
    const CARE: &[&str] = &[
        "Wipe it clean and it will look new for years.",
        "It gets better with every use.",
        "Repairable, and we keep the parts.",
    ];
    const ORIGIN: &[&str] = &[
        "Made in small batches by a workshop that we visit.",
        "Designed for the way people live, not for the photograph.",
        "Nothing about it is there without a reason.",
    ];
    format!(
        "{name}: {} {} of {material}, made for {}. {} {}",
        style.to_lowercase(),
        line.noun,
        line.purpose,
        pick(ORIGIN, generator.next_number()),
        pick(CARE, generator.next_number()),
    )
}

fn capitalise(text: &mut str) {
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
}

fn pick<T>(from: &[T], number: u64) -> &T {
    &from[usize::try_from(number % from.len() as u64).unwrap_or_default()]
}

fn base36(number: u32) -> String {
    let mut digits = Vec::new();
    let mut rest = number;
    loop {
        digits.push(char::from_digit(rest % 36, 36).unwrap_or('0').to_ascii_uppercase());
        rest /= 36;
        if rest == 0 {
            return digits.into_iter().rev().collect();
        }
    }
}

/// SplitMix64: the same numbers on every machine and with every version of every library.
struct Generator(u64);

impl Generator {
    fn next_number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high - low + 1).unwrap_or(1);
        low + i64::try_from(self.next_number() % span).unwrap_or_default()
    }

    fn one_in(&mut self, many: u64) -> bool {
        self.next_number().is_multiple_of(many)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{super::lines::CATEGORIES, *};

    fn context() -> SeedContext {
        let mut categories: BTreeMap<String, Category> = BTreeMap::new();
        for (path, name) in CATEGORIES {
            let (above, slug) = path.rsplit_once('/').unwrap_or(("", path));
            let slug = Slug::try_new(slug).unwrap();
            let category = Category::new((*name).to_owned(), slug, categories.get(above), FIRST_CREATED_AT);
            categories.insert((*path).to_owned(), category);
        }
        SeedContext { categories, sellers: vec![Id::new()] }
    }

    #[test]
    fn every_line_has_a_category() {
        for line in LINES {
            assert!(CATEGORIES.iter().any(|(path, _)| *path == line.category), "{}", line.code);
        }
    }

    #[test]
    fn the_stride_reaches_every_combination() {
        let (mut a, mut b) = (STRIDE, COMBINATIONS);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        assert_eq!(a, 1);
    }

    #[test]
    fn a_number_is_always_the_same_product_and_no_two_share_a_name() {
        let context = context();
        let (mut names, mut skus, mut slugs, mut ids) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new(), Vec::new());
        for number in 0..20_000 {
            let Seeded { product, stock } = seeded(number, &context).unwrap();
            assert!((3..=200).contains(&product.name.chars().count()));
            assert!(product.category.is_some());
            assert!(names.insert(product.name), "{number}");
            assert!(slugs.insert(product.slug));
            for record in stock {
                assert!(skus.insert(record.sku));
            }
            ids.push(product.id);
        }
        assert!(ids.is_sorted());
        let (first, again) = (seeded(7, &context).unwrap().product, seeded(7, &context).unwrap().product);
        assert_eq!((first.id, first.name, first.price), (again.id, again.name, again.price));
    }
}
