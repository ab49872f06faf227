//! Hundreds of customers with filled carts, inserted into the database directly, because the API would take longer than the
//! race itself.

use std::collections::BTreeMap;

use shared::{
    domain::{
        Email, Quantity,
        cart::{Cart, NewItem},
        product::Product,
        secret_hash::sha256_hex,
        user::Role,
    },
    store::{Stored, Versioned},
};

use crate::{people::Person, shop::TestShop};

/// The content of a cart: products with their quantities, in this order, and a coupon's code.
pub type Wanted<'a> = (Vec<(&'a str, i64)>, Option<&'a str>);

impl TestShop {
    /// Customers, each with a cart. `wanted` answers the content of each cart by its number.
    pub async fn crowd<'a>(&self, size: usize, wanted: impl Fn(usize) -> Wanted<'a>) -> Vec<Person> {
        let now = self.clock.now();
        let products = self.products().await;
        let (mut users, mut carts) = (Vec::with_capacity(size), Vec::with_capacity(size));
        // The suffix makes the addresses of this crowd unique.
        let crowd = self.random.readable(8).to_lowercase();
        for number in 0..size {
            let email = Email::try_new(&format!("buyer{number}.{crowd}@example.test")).unwrap();
            let user = self.account(email, "Buyer", Role::Customer);
            carts.push(fill(Cart::of_customer(user.id, now), &wanted(number), &products));
            users.push(user);
        }
        let people = users.iter().map(|user| Person::new(self, user)).collect();
        self.insert(users).await;
        self.insert(carts).await;
        people
    }

    /// Guests with the same content in each cart. Answers the carts' tokens.
    pub async fn guests(&self, size: usize, wanted: &Wanted<'_>) -> Vec<String> {
        let products = self.products().await;
        let tokens: Vec<String> = (0..size).map(|_| self.random.secret()).collect();
        let cart = |token: &String| fill(Cart::of_guest(sha256_hex(token), self.clock.now()), wanted, &products);
        self.insert(tokens.iter().map(cart).collect()).await;
        tokens
    }

    async fn products(&self) -> BTreeMap<String, Product> {
        let products: Vec<Product> = self.all("products").await;
        products.into_iter().map(|product| (product.id.to_string(), product)).collect()
    }

    async fn insert<T: Stored>(&self, documents: Vec<T>) {
        let collection = self.store().database().collection(T::COLLECTION);
        collection.insert_many(documents.iter().map(Versioned::first)).await.unwrap();
    }
}

fn fill(mut cart: Cart, (items, coupon): &Wanted<'_>, products: &BTreeMap<String, Product>) -> Cart {
    let now = cart.created_at;
    for (product, quantity) in items {
        let product = &products[*product];
        let sellable = product.sellable(None).unwrap();
        let item = NewItem {
            product: product.id,
            variant: sellable.variant,
            sku: sellable.sku,
            quantity: Quantity::try_new(*quantity).unwrap(),
            unit_price: sellable.unit_price,
            currency: product.price.currency,
            // Availability is checked by the checkout under test.
            orderable: i64::MAX,
        };
        cart.add(item, now).unwrap();
    }
    cart.use_coupon(coupon.map(str::to_owned), now);
    cart
}
