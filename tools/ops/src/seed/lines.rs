//! The vocabulary of the generated catalogue. It contains no brand names.

/// A product line: the properties that its products share.
pub(super) struct Line {
    /// The prefix of their SKUs.
    pub(super) code: &'static str,
    /// The noun of their names.
    pub(super) noun: &'static str,
    /// The path of their category.
    pub(super) category: &'static str,
    /// The price range, in minor units.
    pub(super) price: (i64, i64),
    /// Kilograms.
    pub(super) weight: f64,
    /// Length, width and height in centimetres.
    pub(super) size: [f64; 3],
    /// The material is one of these.
    pub(super) materials: [&'static str; 3],
    /// Continues "made for" in the description.
    pub(super) purpose: &'static str,
    /// The option with its values and their price modifiers.
    pub(super) option: Option<Choice>,
}

/// The option of a line.
pub(super) struct Choice {
    pub(super) name: &'static str,
    pub(super) values: &'static [(&'static str, i64)],
}

const CLOTHES: Option<Choice> =
    Some(Choice { name: "Size", values: &[("S", 0), ("M", 0), ("L", 0), ("XL", 200), ("XXL", 400)] });
const SHOES: Option<Choice> = Some(Choice {
    name: "Size",
    values: &[("38", 0), ("39", 0), ("40", 0), ("41", 0), ("42", 0), ("43", 0), ("44", 0), ("45", 500)],
});
const BEDS: Option<Choice> = Some(Choice { name: "Size", values: &[("single", 0), ("double", 2500), ("king", 4500)] });

/// Path of slugs and name, parents first.
pub(super) const CATEGORIES: &[(&str, &str)] = &[
    ("living", "Living"),
    ("living/tableware", "Tableware"),
    ("living/kitchen-tools", "Kitchen tools"),
    ("living/bedding", "Bedding"),
    ("living/lighting", "Lighting"),
    ("living/storage", "Storage"),
    ("desk", "Desk"),
    ("desk/stationery", "Stationery"),
    ("desk/on-the-desk", "On the desk"),
    ("wardrobe", "Wardrobe"),
    ("wardrobe/everyday-tops", "Everyday tops"),
    ("wardrobe/outerwear", "Outerwear"),
    ("wardrobe/footwear", "Footwear"),
    ("wardrobe/bags", "Bags"),
    ("outdoors", "Outdoors"),
    ("outdoors/camping", "Camping"),
    ("outdoors/garden", "Garden"),
    ("outdoors/cycling", "Cycling"),
    ("play", "Play"),
    ("play/toys", "Toys"),
    ("play/games", "Games"),
];

macro_rules! lines {
    ($($code:literal $noun:literal $category:literal $price:expr, $weight:literal $size:expr, $materials:expr, $purpose:literal, $option:expr;)*) => {
        &[$(Line {
            code: $code, noun: $noun, category: $category, price: $price, weight: $weight, size: $size,
            materials: $materials, purpose: $purpose, option: $option,
        }),*]
    };
}

pub(super) const LINES: &[Line] = lines![
    "MUG" "mug" "living/tableware" (890, 2490), 0.35 [9.0, 9.0, 10.0], ["stoneware", "porcelain", "enamel"], "slow mornings", None;
    "PLT" "dinner plate" "living/tableware" (1290, 3490), 0.62 [27.0, 27.0, 2.5], ["stoneware", "porcelain", "glass"], "long tables", None;
    "BWL" "bowl" "living/tableware" (990, 2990), 0.48 [16.0, 16.0, 7.0], ["stoneware", "olive wood", "porcelain"], "soup and salad alike", None;
    "CRF" "carafe" "living/tableware" (1990, 4990), 0.70 [11.0, 11.0, 27.0], ["glass", "recycled glass", "steel"], "water, wine and wild flowers", None;
    "PAN" "frying pan" "living/kitchen-tools" (2990, 9990), 1.40 [46.0, 28.0, 8.0], ["cast iron", "carbon steel", "aluminium"], "high heat and low patience", None;
    "KNF" "chef's knife" "living/kitchen-tools" (3490, 14990), 0.22 [33.0, 5.0, 2.5], ["carbon steel", "stainless steel", "damask steel"], "onions by the kilo", None;
    "BRD" "cutting board" "living/kitchen-tools" (1990, 7990), 1.10 [40.0, 28.0, 2.0], ["oak", "beech", "olive wood"], "daily use and a bit of oil", None;
    "KTL" "kettle" "living/kitchen-tools" (2990, 8990), 0.95 [22.0, 16.0, 23.0], ["steel", "enamel", "copper"], "tea at any hour", None;
    "DUV" "duvet cover" "living/bedding" (3990, 11990), 1.10 [35.0, 28.0, 6.0], ["linen", "percale cotton", "sateen cotton"], "warm nights and cold ones", BEDS;
    "PLW" "pillow case" "living/bedding" (990, 2990), 0.18 [25.0, 20.0, 2.0], ["linen", "percale cotton", "flannel"], "both sides of the pillow", None;
    "BLK" "blanket" "living/bedding" (3990, 14990), 1.30 [40.0, 30.0, 10.0], ["lambswool", "recycled wool", "cotton"], "sofas and long films", None;
    "LMP" "table lamp" "living/lighting" (3990, 17990), 1.60 [24.0, 24.0, 42.0], ["brass", "ash wood", "ceramic"], "reading until late", None;
    "PND" "pendant lamp" "living/lighting" (5990, 24990), 2.10 [38.0, 38.0, 30.0], ["spun steel", "paper", "blown glass"], "the place above the table", None;
    "BSK" "basket" "living/storage" (1490, 5990), 0.80 [38.0, 28.0, 24.0], ["seagrass", "willow", "felt"], "whatever lies about", None;
    "HKS" "coat rack" "living/storage" (2990, 9990), 1.90 [60.0, 12.0, 14.0], ["oak", "powder-coated steel", "beech"], "narrow hallways", None;
    "NBK" "notebook" "desk/stationery" (590, 1990), 0.28 [21.0, 15.0, 1.6], ["recycled paper", "stone paper", "cotton paper"], "plans that may change", None;
    "PEN" "fountain pen" "desk/stationery" (1990, 12990), 0.03 [14.0, 1.4, 1.4], ["brass", "resin", "aluminium"], "signatures worth looking at", None;
    "CAL" "wall calendar" "desk/stationery" (990, 2490), 0.30 [42.0, 30.0, 0.6], ["recycled paper", "cotton paper", "card"], "birthdays and bin days", None;
    "TRY" "desk tray" "desk/on-the-desk" (1490, 4990), 0.60 [32.0, 24.0, 6.0], ["walnut", "cork", "powder-coated steel"], "paper that waits", None;
    "STD" "laptop stand" "desk/on-the-desk" (2490, 8990), 0.90 [27.0, 24.0, 14.0], ["ash wood", "aluminium", "birch plywood"], "necks that have had enough", None;
    "TEE" "t-shirt" "wardrobe/everyday-tops" (1490, 3990), 0.18 [30.0, 24.0, 2.0], ["organic cotton", "hemp", "linen"], "every day of the week", CLOTHES;
    "SWT" "sweater" "wardrobe/everyday-tops" (3990, 11990), 0.52 [36.0, 30.0, 6.0], ["merino", "lambswool", "cotton"], "the first cold morning", CLOTHES;
    "SHR" "shirt" "wardrobe/everyday-tops" (2990, 8990), 0.26 [34.0, 26.0, 3.0], ["oxford cotton", "linen", "flannel"], "weddings and Wednesdays", CLOTHES;
    "RNC" "rain coat" "wardrobe/outerwear" (6990, 19990), 0.85 [40.0, 30.0, 8.0], ["waxed cotton", "recycled nylon", "rubberised cotton"], "weather of every kind", CLOTHES;
    "VST" "vest" "wardrobe/outerwear" (4990, 12990), 0.45 [36.0, 28.0, 8.0], ["recycled down", "fleece", "felted wool"], "the days in between", CLOTHES;
    "SNK" "sneaker" "wardrobe/footwear" (5990, 14990), 0.82 [33.0, 21.0, 12.0], ["canvas", "suede", "recycled mesh"], "cobbles and corridors", SHOES;
    "BOT" "boot" "wardrobe/footwear" (9990, 24990), 1.45 [35.0, 28.0, 13.0], ["full-grain leather", "nubuck", "waxed suede"], "ten years and a new sole", SHOES;
    "TOT" "tote bag" "wardrobe/bags" (990, 4990), 0.32 [42.0, 38.0, 3.0], ["canvas", "felt", "waxed cotton"], "markets and libraries", None;
    "BPK" "backpack" "wardrobe/bags" (4990, 15990), 0.95 [46.0, 30.0, 16.0], ["waxed canvas", "recycled nylon", "leather"], "two days away", None;
    "TNT" "tent" "outdoors/camping" (14990, 49990), 3.20 [60.0, 20.0, 20.0], ["ripstop nylon", "cotton canvas", "recycled polyester"], "two people and a dog", None;
    "LNT" "lantern" "outdoors/camping" (1990, 6990), 0.55 [14.0, 14.0, 24.0], ["tin", "recycled plastic", "brass"], "evenings without a socket", None;
    "POT" "plant pot" "outdoors/garden" (790, 3990), 1.20 [22.0, 22.0, 20.0], ["terracotta", "glazed clay", "fibre clay"], "herbs that survive", None;
    "SEC" "secateurs" "outdoors/garden" (1990, 6990), 0.27 [21.0, 6.0, 2.5], ["carbon steel", "stainless steel", "forged steel"], "roses and regrets", None;
    "BEL" "bicycle bell" "outdoors/cycling" (990, 2990), 0.09 [6.0, 6.0, 5.0], ["brass", "aluminium", "steel"], "polite warnings", None;
    "BLC" "building blocks" "play/toys" (1990, 6990), 1.50 [30.0, 22.0, 12.0], ["beech", "maple", "cork"], "towers and their fall", None;
    "PZL" "jigsaw puzzle" "play/games" (1490, 3990), 0.75 [30.0, 22.0, 5.0], ["card", "birch plywood", "recycled card"], "rainy Sundays", None;
];

pub(super) const STYLES: &[&str] = &[
    "Quiet", "Plain", "Speckled", "Ribbed", "Nordic", "Rustic", "Slender", "Sturdy", "Folded", "Brushed", "Woven",
    "Matte", "Glossy", "Striped", "Dotted", "Faceted", "Rounded", "Classic", "Weekend", "Everyday", "Harbour",
    "Alpine", "Meadow", "Studio",
];

pub(super) const COLOURS: &[&str] = &[
    "moss green",
    "sage",
    "sky blue",
    "ink blue",
    "slate grey",
    "ash grey",
    "chalk white",
    "cream",
    "sand",
    "ochre",
    "mustard",
    "amber",
    "rust",
    "terracotta",
    "brick red",
    "cherry",
    "rose",
    "lilac",
    "plum",
    "aubergine",
    "walnut brown",
    "charcoal",
    "coal black",
    "petrol",
];

pub(super) const SERIES: &[&str] = &[
    "Alder", "Aster", "Birk", "Bracken", "Bruno", "Calla", "Cedar", "Clover", "Dalia", "Dune", "Edda", "Elm", "Enzo",
    "Fenn", "Fjord", "Flora", "Freya", "Gale", "Greta", "Hazel", "Heath", "Hilda", "Holm", "Iris", "Ivo", "Juna",
    "Juniper", "Kaia", "Karst", "Kestrel", "Lark", "Linde", "Lotta", "Lund", "Maren", "Marlo", "Mira", "Moor", "Nella",
    "Nils", "Nora", "Odin", "Olea", "Orla", "Otto", "Pell", "Perla", "Pine", "Quill", "Reed", "Rowan", "Runa", "Saga",
    "Selma", "Sorrel", "Tarn", "Thea", "Tove", "Willow", "Yarrow",
];

/// Given name and family name; the address follows from them.
pub(super) const SELLERS: &[(&str, &str)] = &[
    ("Ida", "Holm"),
    ("Marek", "Novak"),
    ("Sofia", "Lindqvist"),
    ("Tomas", "Berg"),
    ("Noor", "Haddad"),
    ("Lea", "Fontaine"),
    ("Jonas", "Keller"),
    ("Amara", "Okafor"),
    ("Yuki", "Mori"),
    ("Rosa", "Delgado"),
    ("Piotr", "Zielinski"),
    ("Hanna", "Virtanen"),
];
