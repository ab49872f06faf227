//! The texts of mails: plain text, short, with everything that the reader needs to act.

use std::fmt::Write;

use shared::domain::{
    cart::Cart,
    inventory::StockRecord,
    order::{Order, Shipment},
    payment::{CaptureMode, GatewayName, Payment, Refund, TransferInstructions},
    product::Product,
    user::User,
};

use crate::{
    mailer::Mail,
    times::{Language, readable},
};

fn to_user(user: &User, subject: impl Into<String>, text: &str) -> Mail {
    let text = format!("Hello {},\n\n{text}\n", user.first_name);
    Mail { to: user.email.clone(), subject: subject.into(), text }
}

fn about_order(order: &Order, subject: &str, text: &str) -> Mail {
    let greeting = format!("Hello {},", order.shipping_address.full_name);
    Mail {
        to: order.email.clone(),
        subject: format!("{subject} ({})", order.order_number),
        text: format!("{greeting}\n\n{text}\n\nOrder {}\n{}", order.order_number, lines_of(order)),
    }
}

fn lines_of(order: &Order) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    for item in &order.items {
        let amount = item.subtotal.display(order.currency);
        let _ = writeln!(text, "  {} × {}  {amount}", item.quantity.get(), item.product_snapshot.name);
    }
    let sums = &order.pricing;
    if !sums.discount.is_zero() {
        let _ = writeln!(text, "  Discount  -{}", sums.discount.display(order.currency));
    }
    let _ = writeln!(text, "  Shipping  {}", sums.shipping.display(order.currency));
    if !sums.tax.is_zero() {
        let kind = if order.prices_include_tax { "Tax included" } else { "Tax" };
        let _ = writeln!(text, "  {kind}  {}", sums.tax.display(order.currency));
    }
    let _ = writeln!(text, "  Total  {}", sums.total.display(order.currency));
    text
}

pub(crate) fn verification(user: &User, shop: &str, token: &str) -> Mail {
    let text = format!(
        "please confirm that this mailbox is yours:\n\n{shop}/verify-email?token={token}\n\n\
         or enter this token:\n\n{token}\n\nIt works once, for 24 hours."
    );
    to_user(user, "Confirm your e-mail address", &text)
}

pub(crate) fn password_reset(user: &User, shop: &str, token: &str) -> Mail {
    let text = format!(
        "a new password was requested for your account. If it was you, choose one here:\n\n{shop}/reset-password?token={token}\n\n\
         or enter this token:\n\n{token}\n\nIt works once, for 30 minutes. If it was not you, ignore this mail."
    );
    to_user(user, "Reset your password", &text)
}

pub(crate) fn already_registered(user: &User, shop: &str) -> Mail {
    let text = format!(
        "this address was used to register, probably by you. You already have an account: log in, or request a \
         new password at {shop}/forgot-password. If it was not you, ignore this mail."
    );
    to_user(user, "You already have an account", &text)
}

pub(crate) fn order_placed(order: &Order, instructions: Option<&TransferInstructions>, language: Language) -> Mail {
    let next = match instructions {
        Some(instructions) => {
            format!("{}\n\nWe will write again when the money has arrived.", transfer(order, instructions, language))
        }
        None => "We will write again when it is paid.".to_owned(),
    };
    about_order(order, "We have received your order", &format!("thank you for your order. {next}"))
}

/// What to transfer, by when and where to.
fn transfer(order: &Order, instructions: &TransferInstructions, language: Language) -> String {
    let TransferInstructions { account, amount, reference, until } = instructions;
    let (amount, until) = (amount.display(order.currency), readable(*until, language));
    let iban = account.iban.as_ref().map(ToString::to_string);
    let lines = [
        ("Account holder", Some(&account.account_holder)),
        ("IBAN", iban.as_ref()),
        ("BIC", account.bic.as_ref()),
        ("Account number", account.account_number.as_ref()),
        ("Routing number", account.routing_number.as_ref()),
        ("Bank", account.bank_name.as_ref()),
        ("Reference", Some(reference)),
    ];
    let lines = lines.into_iter().filter_map(|(name, value)| Some(format!("\n  {name}: {}", value?)));
    format!("Please transfer {amount} by {until}:\n{}", lines.collect::<String>())
}

pub(crate) fn transfer_due(
    order: &Order,
    payment: &Payment,
    instructions: &TransferInstructions,
    language: Language,
) -> Mail {
    let received = payment.received().unwrap_or_default();
    let news = if received.is_zero() {
        "you have chosen to pay by bank transfer.".to_owned()
    } else {
        let (received, total) = (received.display(order.currency), payment.amount.display(order.currency));
        format!("we have received {received} of {total}.")
    };
    about_order(order, "Your bank transfer", &format!("{news} {}", transfer(order, instructions, language)))
}

pub(crate) fn refund_approved(order: &Order, refund: &Refund) -> Mail {
    let amount = refund.amount.display(order.currency);
    let text = format!(
        "we have received a bank transfer, and owe you {amount} of it: {}. We will transfer it back.",
        refund.reason
    );
    about_order(order, "Your transfer will be returned", &text)
}

pub(crate) fn order_paid(order: &Order, payment: &Payment) -> Mail {
    if payment.gateway == GatewayName::Stripe && payment.capture_mode == CaptureMode::OnShipping {
        let text = "your bank has authorised the payment and we are packing your order. You are charged when it is \
                    shipped, at once or parcel by parcel.";
        return about_order(order, "Your order is confirmed", text);
    }
    about_order(order, "Your order is paid", "we have received your payment and are packing your order.")
}

pub(crate) fn payment_failed(order: &Order, payment: &Payment, shop: &str, language: Language) -> Mail {
    let reason = payment.failure_reason.as_deref().unwrap_or("the payment was declined");
    let text = format!(
        "your payment did not go through: {reason}\n\nWe keep your order until {}. Pay with the same or another method:\n\n\
         {shop}/orders/{}/pay",
        readable(order.reserved_until, language),
        order.order_number
    );
    about_order(order, "Your payment did not go through", &text)
}

pub(crate) fn order_shipped(order: &Order) -> Mail {
    let mut parcels: Vec<String> = order.shipments.iter().map(parcel).collect();
    // An administrator's shipment for several sellers is one parcel to the reader.
    parcels.dedup();
    let news = if parcels.len() > 1 { "these parcels have been shipped:" } else { "your parcel has been shipped." };
    let has_left = order.items.iter().all(|line| line.shipped_at.is_some());
    let rest = if has_left { "" } else { "\n\nThe rest of your order follows." };
    about_order(order, "Your order is on its way", &format!("{news}\n\n{}{rest}", parcels.join("\n")))
}

fn parcel(shipment: &Shipment) -> String {
    let link = shipment.tracking_url.as_deref().unwrap_or_default();
    format!("{} {} {link}", shipment.carrier, shipment.tracking_number).trim_end().to_owned()
}

pub(crate) fn order_cancelled(order: &Order) -> Mail {
    let reason = order.timeline.last().map_or("", |entry| entry.note.as_str());
    let text = format!("your order was cancelled: {reason}. Any payment will be refunded.");
    about_order(order, "Your order was cancelled", &text)
}

pub(crate) fn refunded(order: &Order, refund: &Refund) -> Mail {
    let amount = refund.amount.display(order.currency);
    let text = format!("we have refunded {amount}: {}.", refund.reason);
    about_order(order, "Your refund is on its way", &text)
}

pub(crate) fn low_stock(seller: &User, product: &Product, stock: &StockRecord) -> Mail {
    let text = format!("{} ({}) is low on stock: {} available.", product.name, stock.sku, stock.available);
    to_user(seller, format!("Low stock: {}", product.name), &text)
}

pub(crate) fn cart_abandoned(user: &User, cart: &Cart, products: &[Product], shop: &str, token: &str) -> Mail {
    let mut lines = String::new();
    for item in &cart.items {
        if let Some(product) = products.iter().find(|product| product.id == item.product) {
            // Writing to a string cannot fail.
            let _ = writeln!(lines, "  {} × {}", item.quantity.get(), product.name);
        }
    }
    let text = format!(
        "your cart is still here:\n\n{lines}\n{shop}/cart/resume?token={token}\n\n\
         The link works for 7 days. It shows the cart and nothing else of your account.\n\n\
         If you do not want to be reminded, turn notifications off in your account: {shop}/account"
    );
    to_user(user, "Your cart is still here", &text)
}
