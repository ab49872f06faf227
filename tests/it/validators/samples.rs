//! A document of each collection, as the code writes it.

use bson::{Document, doc};
use products::import::read_line;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use shared::{
    app::save_product::draft_of,
    domain::{
        Address, Currency, Email, Id, Money, Quantity, Random, Sku, Slug, Timestamp,
        address::{AddressType, SavedAddress},
        cart::{Cart, NewItem},
        category::Category,
        coupon::Coupon,
        inventory::StockRecord,
        message::Event,
        order::Order,
        payment::{Funding, GatewayCaptures, Payment, PaymentMethod, PaymentSource, Transfer},
        product::StockPolicy,
        review::Review,
        saved_method::{CardOnFile, SavedMethod},
        sealing::{KeyRing, Plaintext},
        secret_hash::sha256_hex,
        session::Session,
        shipping::ShippingTable,
        user::{MailedToken, PasswordHash, Role, TokenPurpose, User},
        wishlist::{Priority, Wishlist},
    },
    store::{Versioned, WithSchema, coupons::Redemption, outbox::OutboxMessage},
};

/// Far off, so that the server does not remove what expires then.
const NOW: Timestamp = Timestamp::from_millis(4_102_444_800_000);
const AT: &str = "2026-01-01T00:00:00Z";
const ID: &str = "507f1f77bcf86cd799439011";

fn written(document: &impl Serialize) -> Document {
    // By way of bytes, as the driver writes it: `serialize_to_document` writes ids and times as text.
    bson::deserialize_from_slice(&bson::serialize_to_vec(document).unwrap()).unwrap()
}

fn versioned<T: Serialize>(aggregate: &T) -> Document {
    written(&Versioned::first(aggregate))
}

fn with_schema<T: Serialize>(document: &T) -> Document {
    written(&WithSchema::of(document))
}

/// A document as the code writes it that has read this.
fn read<T: DeserializeOwned + Serialize>(json: Value) -> Document {
    versioned(&serde_json::from_value::<T>(json).unwrap())
}

/// Collection and document.
pub(super) fn all() -> Vec<(&'static str, Document)> {
    let mut all = people();
    all.extend(catalogue());
    all.extend(sale());
    all.extend(machinery());
    all
}

fn address() -> Address {
    serde_json::from_value(address_json()).unwrap()
}

fn address_json() -> Value {
    json!({
        "fullName": "Ada Lovelace", "addressLine1": "1 Analytical Way", "city": "San Francisco", "state": "",
        "postalCode": "94105", "country": "US", "phone": "+14155550100",
    })
}

fn email() -> Email {
    Email::try_new("ada@example.test").unwrap()
}

fn people() -> Vec<(&'static str, Document)> {
    let password = PasswordHash::from_phc("$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA".to_owned());
    let mut user = User::new(email(), password, "Ada".to_owned(), "Lovelace".to_owned(), Role::Customer, NOW);
    user.username = Some("ada".to_owned());
    user.phone_number = Some("+14155550100".to_owned());
    user.last_login = Some(NOW);
    user.gateway_customer = Some("cus_1".to_owned());
    let mut session = Session::start(user.id, "token", NOW);
    session.used_at = Some(NOW);
    let review = json!({
        "_id": ID, "product": ID, "user": ID, "author": {"name": "Ada L."}, "order": ID, "rating": 5, "title": "Good",
        "images": [], "pros": ["round"], "cons": [], "isVerifiedPurchase": true, "helpful": {"count": 0, "voters": []},
        "reported": {"count": 1, "reasons": ["spam"], "by": [ID]}, "status": "approved",
        "adminReply": {"text": "Thanks", "repliedBy": ID, "repliedAt": AT},
        "createdAt": AT, "updatedAt": AT,
    });
    let mut wishlist = Wishlist::new(user.id, "Birthday".to_owned(), NOW);
    wishlist.share(sha256_hex("token"), NOW);
    let _ = wishlist.put(Id::new(), Priority::default(), Some("the blue one".to_owned()), NOW).unwrap();
    vec![
        ("users", versioned(&user)),
        ("sessions", with_schema(&session)),
        ("mailedTokens", with_schema(&MailedToken::new("token", user.id, TokenPurpose::VerifyEmail, NOW))),
        (
            "throttles",
            doc! {"_id": "account:x", "tries": 1_i64, "blockedUntil": NOW, "expiresAt": NOW, "schemaVersion": 1},
        ),
        ("addresses", versioned(&SavedAddress::new(user.id, AddressType::Both, address(), true, NOW))),
        ("paymentMethods", versioned(&saved_method(user.id))),
        ("reviews", read::<Review>(review)),
        ("wishlists", versioned(&wishlist)),
    ]
}

fn saved_method(user: Id<User>) -> SavedMethod {
    let card = CardOnFile {
        token: PaymentSource::from_token("pm_1".to_owned()),
        brand: "visa".to_owned(),
        last4: "4242".to_owned(),
        expiry_month: 12,
        expiry_year: 2034,
        funding: Some(Funding::Credit),
        holder_name: Some(Plaintext::new("Ada Lovelace")),
    };
    let keys = KeyRing::try_new([("k1", [1; 32])]).unwrap();
    SavedMethod::new(user, card, true, (&keys, &Random::seeded(1)), NOW).unwrap()
}

fn catalogue() -> Vec<(&'static str, Document)> {
    let root = Category::new("Home".to_owned(), Slug::from_name("Home"), None, NOW);
    let row = json!({
        "sku": "MUG-1", "name": "Mug", "description": "Round.", "brand": "Ada", "price": {"regular": 1000},
        "images": [{"url": "https://images.example.test/mug.webp"}], "specifications": {"Volume": "350 ml"},
        "dimensions": {"weight": 0.35, "length": 9, "width": 9, "height": 10},
        "shipping": {"freeShipping": false, "shippingClass": "standard", "estimatedDays": 5},
        "seo": {"title": "Mug", "keywords": ["mug"]}, "tags": ["mug"], "options": [{"name": "Size", "values": ["S", "L"]}],
        "variants": [{"sku": "MUG-1-L", "choices": {"Size": "L"}, "priceModifier": -100}], "relatedProducts": [ID],
    });
    let product = draft_of(read_line(&row.to_string()).unwrap(), Id::new(), NOW).unwrap();
    let stock = StockRecord {
        on_hand: 10,
        reserved: 2,
        available: 8,
        received: 14,
        shipped: 5,
        returned: 1,
        ..StockRecord::new(Sku::try_new("MUG-1-L").unwrap(), product.id, 0, StockPolicy::default(), NOW)
    };
    vec![("categories", versioned(&root)), ("products", versioned(&product)), ("inventory", with_schema(&stock))]
}

fn sale() -> Vec<(&'static str, Document)> {
    let mut cart = Cart::of_guest(sha256_hex("token"), NOW);
    let item = NewItem {
        product: Id::new(),
        variant: Some(Sku::try_new("MUG-1-L").unwrap()),
        sku: Sku::try_new("MUG-1-L").unwrap(),
        quantity: Quantity::ONE,
        unit_price: Money::from_minor(1000),
        currency: Currency::USD,
        orderable: 8,
    };
    cart.add(item, NOW).unwrap();
    let coupon = json!({
        "_id": ID, "code": "SUMMER", "type": "percentage", "value": 1000, "currency": "USD", "minimumPurchase": 500, "maximumDiscount": 900,
        "applicableProducts": [ID], "applicableCategories": [], "usageLimit": {"total": 3, "perUser": 1}, "usageCount": 3,
        "userRestrictions": {"newUsersOnly": false, "specificUsers": []}, "validFrom": AT, "validUntil": AT,
        "isActive": true, "createdBy": ID, "createdAt": AT, "updatedAt": AT,
    });
    let claim = Redemption { order: Id::new(), coupon: Id::new(), user: None, email: email(), created_at: NOW };
    vec![
        ("carts", versioned(&cart)),
        ("coupons", with_schema(&serde_json::from_value::<Coupon>(coupon).unwrap())),
        ("couponUses", with_schema(&claim)),
        ("orders", read::<Order>(order())),
        ("payments", versioned(&payment())),
    ]
}

fn order() -> Value {
    json!({
        "_id": ID, "orderNumber": "ORD-20260101-ABCDE", "email": "ada@example.test", "currency": "USD",
        "items": [{
            "id": ID, "product": ID, "productSnapshot": {"name": "Mug", "sku": "MUG-1-L", "price": 1000},
            "categoryPath": [ID], "seller": ID, "variant": "MUG-1-L", "sku": "MUG-1-L", "quantity": 2, "price": 1000,
            "subtotal": 2000, "discount": 200, "tax": 144, "total": 1944, "shippedAt": AT, "returned": 1,
        }],
        "pricing": {"subtotal": 2000, "discount": 200, "shipping": 500, "tax": 144, "total": 2444},
        "pricesIncludeTax": false, "taxes": [{"rateBp": 800, "base": 1800, "tax": 144}],
        "shippingAddress": address_json(), "billingAddress": address_json(), "payment": ID, "status": "shipped",
        "shippingMethod": "standard", "tracking": {"carrier": "DHL", "trackingNumber": "1", "estimatedDelivery": AT},
        "shipments": [{
            "seller": ID, "items": [ID], "carrier": "DHL", "trackingNumber": "1", "trackingUrl": "https://dhl.example.test/1",
            "estimatedDelivery": AT, "shippedAt": AT, "deliveredAt": AT,
        }],
        "notes": {"customer": "Ring twice", "admin": [{"text": "Fragile", "by": ID, "at": AT}]}, "couponCode": "SUMMER",
        "discount": {"code": "SUMMER", "amount": 200, "type": "percentage"},
        "timeline": [
            {"status": "pending", "timestamp": AT, "note": "placed"},
            {"status": "shipped", "timestamp": AT, "note": "handed over", "updatedBy": ID},
        ],
        "returns": [{
            "id": ID, "items": [{"itemId": ID, "quantity": 1, "worth": 972, "refund": 972}], "reason": "broken", "status": "requested", "refund": 972,
            "requestedAt": AT, "updatedAt": AT,
        }],
        "cart": ID, "reservedUntil": AT, "createdAt": AT, "updatedAt": AT,
    })
}

fn payment() -> Payment {
    let source = PaymentSource::from_token("pm_card_visa".to_owned());
    let (amount, method) = (Money::from_minor(5000), PaymentMethod::CreditCard);
    let mut payment = Payment::new(Id::new(), None, amount, Currency::USD, method, Some(source), Some(address()), NOW);
    payment.charge_saved(&saved_method(Id::new()));
    payment.begin(1, NOW);
    payment.open_intent(1, "pi_1".to_owned(), NOW).unwrap();
    let captures = GatewayCaptures { captured: amount, authorised: None, latest: None };
    let _ = payment.record_captures(&captures, NOW).unwrap();
    payment.approve_refund(Money::from_minor(3000), "broken", NOW).unwrap();
    payment.transfers.push(Transfer::new("statement 7, line 3", Money::from_minor(1), NOW));
    payment
}

fn machinery() -> Vec<(&'static str, Document)> {
    let table = written(&ShippingTable::default());
    vec![
        ("settings", doc! {"_id": "shipping", "value": table, "schemaVersion": 1, "updatedAt": NOW}),
        ("outbox", with_schema(&OutboxMessage::of(&Event::OrderPaid { order_id: Id::new() }.now(NOW)).unwrap())),
        ("processedMessages", doc! {"_id": Id::<()>::new(), "processedAt": NOW, "expiresAt": NOW, "schemaVersion": 1}),
        (
            "idempotency",
            doc! {
                "_id": "ada checkout key", "fingerprint": sha256_hex("body"),
                "answer": {"status": 201, "body": "{}", "location": null}, "expiresAt": NOW, "schemaVersion": 1,
            },
        ),
        (
            "webhooks",
            doc! {"_id": "evt_1", "type": "payment_intent.succeeded", "receivedAt": NOW, "expiresAt": NOW, "schemaVersion": 1},
        ),
    ]
}
