//! What a product offers: the parts of it that only make sense together, checked together.

use std::collections::BTreeSet;

use super::{
    Sku,
    product::{Image, InvalidPrice, ProductOption, Variant},
};

/// Why a product cannot be offered like this.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidOffer {
    /// The price is none.
    #[error(transparent)]
    Price(#[from] InvalidPrice),
    /// Which picture stands for it?
    #[error("at most one image is the primary one")]
    SeveralPrimaryImages,
    /// A choice that leads nowhere.
    #[error("a product with options is sold in at least one variant")]
    OptionsWithoutVariants,
    /// Variants between which nothing chooses.
    #[error("a product with variants says in `options` what one chooses between")]
    VariantsWithoutOptions,
    /// An option or one of its values occurs twice.
    #[error("options and their values differ from each other")]
    RepeatedOption {
        /// The place of the option in the list.
        option: usize,
    },
    /// A variant does not choose one of the values for each of the options.
    #[error("a variant chooses one of the values of each option, and nothing else")]
    ChoicesDoNotMatch {
        /// The place of the variant in the list.
        variant: usize,
    },
    /// An earlier variant makes the same choices.
    #[error("variants differ in what they choose")]
    RepeatedChoices {
        /// The place of the variant in the list.
        variant: usize,
    },
    /// An earlier variant, or the product, has the same SKU.
    #[error("each variant has a SKU of its own, other than the product's")]
    RepeatedSku {
        /// The place of the variant in the list.
        variant: usize,
    },
    /// Stock was given for the product as a whole.
    #[error("the stock of a product with variants is that of its variants")]
    StockBesideVariants,
}

impl InvalidOffer {
    /// The field of the product that is to blame, as a path with `/` between the names.
    pub fn field(&self) -> String {
        match self {
            Self::Price(InvalidPrice::SaleNotBelowRegular) => "price/sale".to_owned(),
            Self::Price(InvalidPrice::Negative | InvalidPrice::TooHigh) => "price".to_owned(),
            Self::SeveralPrimaryImages => "images".to_owned(),
            Self::OptionsWithoutVariants => "variants".to_owned(),
            Self::VariantsWithoutOptions => "options".to_owned(),
            Self::RepeatedOption { option } => format!("options/{option}"),
            Self::ChoicesDoNotMatch { variant } | Self::RepeatedChoices { variant } => {
                format!("variants/{variant}/choices")
            }
            Self::RepeatedSku { variant } => format!("variants/{variant}/sku"),
            Self::StockBesideVariants => "inventory/quantity".to_owned(),
        }
    }
}

/// Checks that exactly the combinations that are sold can be chosen.
pub fn check_variants(own: &Sku, options: &[ProductOption], variants: &[Variant]) -> Result<(), InvalidOffer> {
    match (options.is_empty(), variants.is_empty()) {
        (true, false) => return Err(InvalidOffer::VariantsWithoutOptions),
        (false, true) => return Err(InvalidOffer::OptionsWithoutVariants),
        _ => {}
    }
    let mut names = BTreeSet::new();
    for (index, option) in options.iter().enumerate() {
        let values: BTreeSet<&String> = option.values.iter().collect();
        if values.len() < option.values.len() || !names.insert(&option.name) {
            return Err(InvalidOffer::RepeatedOption { option: index });
        }
    }
    let mut skus = BTreeSet::from([own]);
    let mut combinations = BTreeSet::new();
    for (index, variant) in variants.iter().enumerate() {
        let is_chosen = |option: &ProductOption| {
            variant.choices.get(&option.name).is_some_and(|value| option.values.contains(value))
        };
        if variant.choices.len() != options.len() || !options.iter().all(is_chosen) {
            return Err(InvalidOffer::ChoicesDoNotMatch { variant: index });
        }
        if !combinations.insert(&variant.choices) {
            return Err(InvalidOffer::RepeatedChoices { variant: index });
        }
        if !skus.insert(&variant.sku) {
            return Err(InvalidOffer::RepeatedSku { variant: index });
        }
    }
    Ok(())
}

/// Makes sure that one picture stands for the product: the one that says so, or the first.
pub fn choose_primary(mut images: Vec<Image>) -> Result<Vec<Image>, InvalidOffer> {
    match images.iter().filter(|image| image.is_primary).count() {
        0 => {
            if let Some(first) = images.first_mut() {
                first.is_primary = true;
            }
            Ok(images)
        }
        1 => Ok(images),
        _ => Err(InvalidOffer::SeveralPrimaryImages),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Money;

    fn option(name: &str, values: &[&str]) -> ProductOption {
        ProductOption { name: name.to_owned(), values: values.iter().map(|value| (*value).to_owned()).collect() }
    }

    fn variant(sku: &str, choices: &[(&str, &str)]) -> Variant {
        Variant {
            sku: Sku::try_new(sku).unwrap(),
            choices: choices.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            price_modifier: Money::ZERO,
        }
    }

    fn check(options: &[ProductOption], variants: &[Variant]) -> Result<(), InvalidOffer> {
        check_variants(&Sku::try_new("TEE").unwrap(), options, variants)
    }

    #[test]
    fn a_product_is_sold_as_itself_or_in_some_of_its_combinations() {
        let options = [option("Size", &["S", "M"]), option("Colour", &["red"])];
        assert_eq!(check(&[], &[]), Ok(()));
        assert_eq!(check(&options, &[variant("TEE-M", &[("Size", "M"), ("Colour", "red")])]), Ok(()));
    }

    #[test]
    fn variants_must_match_the_options() {
        let size = [option("Size", &["S", "M"])];
        let small = variant("TEE-S", &[("Size", "S")]);
        for (options, variants, expected) in [
            (&size[..], vec![], InvalidOffer::OptionsWithoutVariants),
            (&[], vec![small.clone()], InvalidOffer::VariantsWithoutOptions),
            (&[option("Size", &["S", "S"])], vec![small.clone()], InvalidOffer::RepeatedOption { option: 0 }),
            (&size, vec![variant("TEE-S", &[])], InvalidOffer::ChoicesDoNotMatch { variant: 0 }),
            (&size, vec![variant("TEE-S", &[("Size", "XL")])], InvalidOffer::ChoicesDoNotMatch { variant: 0 }),
            (
                &size,
                vec![variant("TEE-S", &[("Size", "S"), ("Colour", "red")])],
                InvalidOffer::ChoicesDoNotMatch { variant: 0 },
            ),
            (
                &size,
                vec![small.clone(), variant("TEE-X", &[("Size", "S")])],
                InvalidOffer::RepeatedChoices { variant: 1 },
            ),
            (&size, vec![small, variant("TEE-S", &[("Size", "M")])], InvalidOffer::RepeatedSku { variant: 1 }),
            (&size, vec![variant("TEE", &[("Size", "M")])], InvalidOffer::RepeatedSku { variant: 0 }),
        ] {
            assert_eq!(check(options, &variants), Err(expected));
        }
    }

    #[test]
    fn one_picture_stands_for_the_product() {
        let image = |is_primary| Image { url: String::new(), alt: String::new(), is_primary };
        let primaries = |images: Vec<Image>| {
            choose_primary(images).map(|images| images.iter().map(|image| image.is_primary).collect::<Vec<_>>())
        };
        assert_eq!(primaries(vec![]), Ok(vec![]));
        assert_eq!(primaries(vec![image(false), image(false)]), Ok(vec![true, false]));
        assert_eq!(primaries(vec![image(false), image(true)]), Ok(vec![false, true]));
        assert_eq!(primaries(vec![image(true), image(true)]), Err(InvalidOffer::SeveralPrimaryImages));
    }
}
