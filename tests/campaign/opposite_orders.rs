//! Carts that share products, filled in opposite orders: neither a deadlock nor overselling.

use std::collections::BTreeMap;

use shared::domain::order::Order;
use tests::campaign::Run;

use crate::{Arena, scene::Scene};

const BUYERS: usize = 500;
const PRODUCTS: usize = 10;

pub(crate) async fn race(arena: Arena, run: Run) {
    let scene = Scene::open(&arena, run.clone()).await;
    let (mut products, mut stock) = (Vec::new(), BTreeMap::new());
    for number in 0..PRODUCTS {
        let (sku, units) = (format!("SKU-{number}"), run.between(5, 15));
        products.push(scene.stock(&sku, units).await);
        stock.insert(sku, units);
    }
    let wanted: Vec<Vec<(&str, i64)>> = (0..BUYERS)
        .map(|number| {
            let mut chosen = run.shuffled(0..PRODUCTS)[..usize::try_from(run.between(2, 5)).unwrap()].to_vec();
            chosen.sort_unstable();
            if number % 2 == 1 {
                chosen.reverse();
            }
            chosen.into_iter().map(|product| (products[product].as_str(), run.between(1, 2))).collect()
        })
        .collect();
    let buyers = scene.crowd(BUYERS, |number| (wanted[number].clone(), None)).await;

    let replies = scene.check_out(&buyers).await;

    for (reply, wanted) in replies.iter().zip(&wanted).filter(|(reply, _)| reply.status != 201) {
        reply.is_problem(409, "insufficient_stock");
        // No unit is released, so a shortage stays a shortage.
        let sku = reply.json["sku"].as_str().unwrap();
        let number: usize = sku.trim_start_matches("SKU-").parse().unwrap();
        let units = wanted.iter().find(|(product, _)| *product == products[number]).unwrap().1;
        let left = scene.stock_of(sku).await.available;
        assert!(left < units, "{units} of {sku} were refused, and {left} are left");
    }
    let mut sold = BTreeMap::<String, i64>::new();
    for order in scene.all::<Order>("orders").await {
        for item in &order.items {
            *sold.entry(item.sku.to_string()).or_default() += item.quantity.get();
        }
    }
    for (sku, units) in &stock {
        let (reserved, sold) = (scene.stock_of(sku).await.reserved, sold.get(sku).copied().unwrap_or(0));
        assert!(reserved == sold && sold <= *units, "{sku}: {units} in stock, {reserved} reserved, {sold} ordered");
    }
    scene.close().await;
}
