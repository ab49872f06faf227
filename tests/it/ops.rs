//! The operator's tools, on a database of their own.

use std::collections::BTreeMap;

use bson::{Document, doc};
use futures::TryStreamExt;
use ops::{
    accounts::{self, Account},
    demo::{self, DemoAccount},
    import::{self, Listener, Rejection, Summary},
    seed,
};
use shared::{
    domain::{
        Clock, Email, Id, Random,
        password::PasswordAttempt,
        user::{Role, User},
    },
    password::{Match, Passwords},
    store::Store,
};

use crate::migrations::EmptyDatabase;

/// Invariant I8: what is written down about a category is what a recount gives.
async fn every_category_counts_right(store: &Store) {
    let products = store.database().collection::<Document>("products");
    for category in store.categories.list_all().await.unwrap() {
        let published = products.count_documents(doc! {"category": category.id, "status": "published"}).await.unwrap();
        assert_eq!(category.product_count, i64::try_from(published).unwrap(), "{}", category.path);
    }
}

/// Every document, by collection and id: of two equal states nothing was changed in between.
async fn everything(store: &Store) -> BTreeMap<String, Vec<Document>> {
    let mut all = BTreeMap::new();
    for name in ["users", "categories", "products", "inventory"] {
        let documents =
            store.database().collection::<Document>(name).find(doc! {}).sort(doc! {"_id": 1}).await.unwrap();
        all.insert(name.to_owned(), documents.try_collect().await.unwrap());
    }
    all
}

#[tokio::test]
async fn seeding_resumes_and_extends_a_catalogue_and_changes_no_product() {
    let database = EmptyDatabase::migrated().await;
    let (store, clock) = (&database.0, Clock::system());
    let report = seed::seed(store, &clock, 1200).await.unwrap();
    assert_eq!((report.added, report.before), (1200, 0));
    every_category_counts_right(store).await;
    let first = everything(store).await;
    let tops = &first["products"][0];

    let again = seed::seed(store, &clock, 1200).await.unwrap();
    assert_eq!((again.added, again.before), (0, 1200));
    // Counting again moved the categories' versions and nothing else.
    assert_eq!(everything(store).await["products"], first["products"]);
    assert_eq!(everything(store).await["inventory"], first["inventory"]);

    // As if a run had broken off: some products are missing, with stock that was written already.
    let products = store.database().collection::<Document>("products");
    products.delete_many(doc! {"_id": {"$gt": tops.get_object_id("_id").unwrap()}, "featured": true}).await.unwrap();
    let continued = seed::seed(store, &clock, 1300).await.unwrap();
    assert_eq!(continued.added + continued.before, 1300);
    assert!(continued.added > 100);
    every_category_counts_right(store).await;
    database.drop().await;
}

#[tokio::test]
async fn loading_the_demo_shop_again_changes_nothing() {
    let database = EmptyDatabase::migrated().await;
    let (store, clock) = (&database.0, Clock::system());
    let account = |email, role| DemoAccount {
        email,
        password: "correct-horse-battery",
        first_name: "Demo",
        last_name: "Account",
        role,
    };
    let accounts = [account("seller@example.test", Role::Seller), account("ada@example.test", Role::Customer)];
    let loaded = demo::load(store, &clock, &accounts).await.unwrap();
    assert_eq!((loaded.accounts, loaded.products), (2, 24));
    every_category_counts_right(store).await;
    let before = everything(store).await;
    assert!(before["products"].iter().all(|product| product.get_str("status").unwrap() == "published"));

    assert_eq!(demo::load(store, &clock, &accounts).await.unwrap().products, 0);
    assert_eq!(everything(store).await, before);

    let ada = store.users.find_by_email(&Email::try_new("ada@example.test").unwrap()).await.unwrap().unwrap();
    assert!(ada.is_email_verified);
    assert!(knows(&ada, "correct-horse-battery").await);
    database.drop().await;
}

async fn knows(user: &User, password: &str) -> bool {
    let attempt = PasswordAttempt::from(password.to_owned());
    let passwords = Passwords::for_this_machine(Random::from_os());
    passwords.compare(&attempt, Some(&user.password)).await.unwrap() == Match::Yes
}

#[tokio::test]
async fn an_administrator_is_created_once() {
    let database = EmptyDatabase::migrated().await;
    let (store, clock) = (&database.0, Clock::system());
    let account = Account {
        email: Email::try_new("admin@example.test").unwrap(),
        first_name: "Ada".to_owned(),
        last_name: "Lovelace".to_owned(),
        role: Role::Admin,
    };
    let weak = accounts::create(store, &clock, &account, "12345678").await.unwrap_err();
    assert!(weak.to_string().contains("guess"), "{weak}");
    let admin = accounts::create(store, &clock, &account, "correct-horse-battery").await.unwrap();
    assert_eq!(admin.role, Role::Admin);
    assert!(knows(&admin, "correct-horse-battery").await);

    let again = accounts::create(store, &clock, &account, "another-long-password").await.unwrap_err();
    assert!(again.to_string().contains("has an account already"), "{again}");
    let stored = store.users.find(admin.id).await.unwrap().unwrap();
    assert!(knows(&stored, "correct-horse-battery").await);
    database.drop().await;
}

#[derive(Default)]
struct Rejections(Vec<Rejection>);

impl Listener for Rejections {
    fn advanced(&mut self, _: u64, _: &Summary) {}

    fn rejected(&mut self, rejection: &Rejection) {
        self.0.push(rejection.clone());
    }
}

async fn import(store: &Store, seller: Id<User>, file: &str) -> (Summary, Vec<String>) {
    let mut rejections = Rejections::default();
    let summary = import::import(store, &Clock::system(), seller, file.as_bytes(), &mut rejections).await.unwrap();
    (summary, rejections.0.iter().map(Rejection::to_string).collect())
}

fn row(sku: &str, price: &str, more: &str) -> String {
    format!(
        r#"{{"sku":"{sku}","name":"Thing {sku}","description":"A thing.","category":"things/{}","price":{{{price}}}{more}}}"#,
        sku.to_lowercase()
    )
}

#[tokio::test]
async fn valid_rows_are_imported_and_invalid_rows_reported() {
    let database = EmptyDatabase::migrated().await;
    let (store, clock) = (&database.0, Clock::system());
    let accounts = [DemoAccount {
        email: "seller@example.test",
        password: "correct-horse-battery",
        first_name: "Grace",
        last_name: "Hopper",
        role: Role::Seller,
    }];
    demo::load(store, &clock, &accounts).await.unwrap();
    assert!(import::seller(store, "unknown@example.test").await.is_err());
    let seller = import::seller(store, "seller@example.test").await.unwrap();

    let file = [
        row("A", r#""regular":100"#, r#","inventory":{"quantity":3},"status":"published""#),
        String::new(),
        row("B", r#""regular":100,"sale":100"#, ""),
        row("C", r#""regular":100"#, r#","colour":"red""#),
        "{".to_owned(),
        row("D", r#""regular":-5"#, ""),
        row("E", r#""regular":100"#, ""),
        row("A", r#""regular":200"#, ""),
    ];
    let (summary, rejected) = import(store, seller, &file.join("\n")).await;
    assert_eq!(summary, Summary { total: 7, created: 2, updated: 1, unchanged: 0, rejected: 4 });
    assert_eq!(
        rejected.iter().map(|line| line.split(": ").next().unwrap()).collect::<Vec<_>>(),
        ["row 3, B", "row 4, C", "row 5, no SKU", "row 6, D"]
    );
    assert!(rejected[0].contains("must be lower than the regular price"), "{rejected:?}");
    assert!(rejected[1].contains("colour"), "{rejected:?}");
    every_category_counts_right(store).await;

    let before = everything(store).await;
    let (summary, _) =
        import(store, seller, &[row("A", r#""regular":200"#, ""), row("E", r#""regular":100"#, "")].join("\n")).await;
    assert_eq!(summary, Summary { total: 2, unchanged: 2, ..Summary::default() });
    assert_eq!(everything(store).await, before);
    let stock =
        store.database().collection::<Document>("inventory").find_one(doc! {"_id": "A"}).await.unwrap().unwrap();
    assert_eq!(stock.get_i64("available").unwrap(), 3);
    database.drop().await;
}
