use super::*;

fn item(sku: &str, quantity: i64, orderable: i64) -> NewItem {
    NewItem {
        product: Id::new(),
        variant: None,
        sku: Sku::try_new(sku).unwrap(),
        quantity: Quantity::try_new(quantity).unwrap(),
        unit_price: Money::from_minor(100),
        currency: Currency::USD,
        orderable,
    }
}

const NOW: Timestamp = Timestamp::from_millis(0);

fn quantities(cart: &Cart) -> Vec<(&str, i64)> {
    cart.items.iter().map(|line| (line.sku.as_str(), line.quantity.get())).collect()
}

#[test]
fn the_same_sku_is_one_line() {
    let mut cart = Cart::of_customer(Id::new(), NOW);
    cart.add(item("A", 2, 10), NOW).unwrap();
    cart.add(item("A", 3, 10), NOW).unwrap();
    assert_eq!(quantities(&cart), [("A", 5)]);
    assert_eq!(cart.add(item("A", 6, 10), NOW), Err(CartError::InsufficientStock { available: 10 }));
    assert_eq!(cart.add(item("A", 998, 10_000), NOW), Err(CartError::TooManyUnits));
}

#[test]
fn a_cart_takes_a_hundred_lines() {
    let mut cart = Cart::of_customer(Id::new(), NOW);
    for number in 0..MAX_LINES {
        cart.add(item(&format!("S{number}"), 1, 10), NOW).unwrap();
    }
    assert_eq!(cart.add(item("ONE-MORE", 1, 10), NOW), Err(CartError::TooManyLines));
}

#[test]
fn a_line_that_exceeds_the_stock_can_be_reduced() {
    let mut cart = Cart::of_customer(Id::new(), NOW);
    cart.add(item("A", 5, 5), NOW).unwrap();
    let id = cart.items[0].id;
    let mut change = |quantity, price| cart.change(id, Quantity::try_new(quantity).unwrap(), 1, price, NOW);
    let sold = Some(Money::from_minor(1000));
    change(4, sold).unwrap();
    assert_eq!(change(5, sold), Err(CartError::InsufficientStock { available: 1 }));
    // Of what is no longer sold there may be units in stock, but none can be had.
    change(3, None).unwrap();
    assert_eq!(change(4, None), Err(CartError::InsufficientStock { available: 0 }));
}

#[test]
fn merging_takes_the_guests_quantity_capped_by_stock() {
    let mut mine = Cart::of_customer(Id::new(), NOW);
    mine.add(item("A", 1, 10), NOW).unwrap();
    mine.add(item("B", 2, 10), NOW).unwrap();
    let mut guest = Cart::of_guest("hash".into(), NOW);
    guest.add(item("A", 5, 10), NOW).unwrap();
    guest.add(item("C", 9, 10), NOW).unwrap();
    guest.add(item("D", 1, 10), NOW).unwrap();
    mine.merge(&guest, |sku| if sku.as_str() == "D" { 0 } else { 4 }, NOW).unwrap();
    assert_eq!(quantities(&mine), [("A", 4), ("B", 2), ("C", 4), ("D", 1)], "what is sold out is not lost");
}

#[test]
fn carts_with_too_many_lines_are_not_merged() {
    let full = |range: std::ops::Range<usize>| {
        let mut cart = Cart::of_guest("hash".into(), NOW);
        for number in range {
            cart.add(item(&format!("SKU-{number}"), 1, 10), NOW).unwrap();
        }
        cart
    };
    let before = full(0..60);
    let mut mine = before.clone();
    assert_eq!(mine.merge(&full(59..101), |_| 10, NOW), Err(CartError::TooManyLines));
    assert_eq!(quantities(&mine), quantities(&before));
    mine.merge(&full(59..100), |_| 10, NOW).unwrap();
    assert_eq!(mine.items.len(), MAX_LINES);

    let mut yen = Cart::of_guest("hash".into(), NOW);
    yen.add(NewItem { currency: Currency::try_from("JPY".to_owned()).unwrap(), ..item("POT", 1, 10) }, NOW).unwrap();
    let refused = CartError::CurrencyMismatch { cart: Currency::USD, product: yen.currency };
    assert_eq!(mine.merge(&yen, |_| 10, NOW), Err(refused));
    assert_eq!(mine.merge(&Cart::of_guest("hash".into(), NOW), |_| 10, NOW), Ok(()), "there is nothing in it");
}
