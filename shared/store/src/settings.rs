//! `settings`: one document per table, named by its `_id`.

use bson::doc;
use futures::TryStreamExt;
use mongodb::{Collection, Database};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{StoreError, WithSchema};
use shop_domain::{
    Timestamp,
    bank_account::BankAccount,
    currencies::ShopCurrencies,
    payment::{PaymentMethod, PaymentMethods, PaymentSettings},
    shipping::ShippingTable,
    tax::TaxTable,
};

const TAX: &str = "tax";
const SHIPPING: &str = "shipping";
const CURRENCIES: &str = "currencies";
const PAYMENTS: &str = "payments";
const BANK_ACCOUNT: &str = "bankAccount";
const PAYMENT_METHODS: &str = "paymentMethods";

/// The collection `settings`.
#[derive(Clone, Debug)]
pub struct SettingsStore {
    database: Database,
}

/// A table as stored. The table sits in a field of its own because it refuses fields that it does not know.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Setting<T> {
    #[serde(rename = "_id")]
    name: String,
    value: T,
    updated_at: Timestamp,
}

/// Any table, told by its name.
#[derive(Debug, Deserialize)]
#[serde(tag = "_id", rename_all = "camelCase")]
enum AnySetting {
    Tax { value: TaxTable },
    Shipping { value: ShippingTable },
    Currencies { value: ShopCurrencies },
    BankAccount { value: BankAccount },
    PaymentMethods { value: PaymentMethods },
}

/// What carts are priced by.
#[derive(Clone, Debug, Default)]
pub struct PricingSettings {
    /// The tax table.
    pub tax: TaxTable,
    /// The shipping table.
    pub shipping: ShippingTable,
    /// The currencies that the shop sells in.
    pub currencies: ShopCurrencies,
}

/// What an order can be paid with.
#[derive(Clone, Debug, Default)]
pub struct PaymentOptions {
    /// The payment methods that the shop accepts; [`PaymentMethods::default`] until they are set.
    pub methods: PaymentMethods,
    /// The account for bank transfers, once one is set.
    pub account: Option<BankAccount>,
}

impl PaymentOptions {
    /// Whether an order can be paid by this method.
    pub fn accept(&self, method: PaymentMethod) -> bool {
        self.methods.accepts(method, self.account.as_ref())
    }
}

impl SettingsStore {
    pub(super) fn new(database: &Database) -> Self {
        Self { database: database.clone() }
    }

    /// The tax table; the empty one (no tax) until one is set.
    pub async fn tax(&self) -> Result<TaxTable, StoreError> {
        self.read(TAX).await
    }

    /// The shipping table; [`ShippingTable::default`] until one is set.
    pub async fn shipping(&self) -> Result<ShippingTable, StoreError> {
        self.read(SHIPPING).await
    }

    /// How payments are taken; captured immediately until it is set.
    pub async fn payments(&self) -> Result<PaymentSettings, StoreError> {
        self.read(PAYMENTS).await
    }

    /// The currencies that the shop sells in; USD until they are set.
    pub async fn currencies(&self) -> Result<ShopCurrencies, StoreError> {
        self.read(CURRENCIES).await
    }

    /// What carts are priced by, in one read.
    pub async fn pricing(&self) -> Result<PricingSettings, StoreError> {
        let mut settings = PricingSettings::default();
        for setting in self.read_all(&[TAX, SHIPPING, CURRENCIES]).await? {
            match setting {
                AnySetting::Tax { value } => settings.tax = value,
                AnySetting::Shipping { value } => settings.shipping = value,
                AnySetting::Currencies { value } => settings.currencies = value,
                AnySetting::BankAccount { .. } | AnySetting::PaymentMethods { .. } => {}
            }
        }
        Ok(settings)
    }

    /// What an order can be paid with, in one read.
    pub async fn payment_options(&self) -> Result<PaymentOptions, StoreError> {
        let mut options = PaymentOptions::default();
        for setting in self.read_all(&[BANK_ACCOUNT, PAYMENT_METHODS]).await? {
            match setting {
                AnySetting::BankAccount { value } => options.account = Some(value),
                AnySetting::PaymentMethods { value } => options.methods = value,
                AnySetting::Tax { .. } | AnySetting::Shipping { .. } | AnySetting::Currencies { .. } => {}
            }
        }
        Ok(options)
    }

    /// Replaces the tax table: of two writers the later one wins, as with any `PUT`.
    pub async fn set_tax(&self, table: &TaxTable, now: Timestamp) -> Result<(), StoreError> {
        self.write(TAX, table, now).await
    }

    /// Replaces the shipping table: of two writers the later one wins, as with any `PUT`.
    pub async fn set_shipping(&self, table: &ShippingTable, now: Timestamp) -> Result<(), StoreError> {
        self.write(SHIPPING, table, now).await
    }

    /// Replaces the currencies: of two writers the later one wins, as with any `PUT`.
    pub async fn set_currencies(&self, currencies: &ShopCurrencies, now: Timestamp) -> Result<(), StoreError> {
        self.write(CURRENCIES, currencies, now).await
    }

    /// Replaces how payments are taken: of two writers the later one wins, as with any `PUT`.
    pub async fn set_payments(&self, settings: &PaymentSettings, now: Timestamp) -> Result<(), StoreError> {
        self.write(PAYMENTS, settings, now).await
    }

    /// The account for bank transfers, once one is set.
    pub async fn bank_account(&self) -> Result<Option<BankAccount>, StoreError> {
        self.read(BANK_ACCOUNT).await
    }

    /// Replaces the bank account: of two writers the later one wins, as with any `PUT`.
    pub async fn set_bank_account(&self, account: &BankAccount, now: Timestamp) -> Result<(), StoreError> {
        self.write(BANK_ACCOUNT, account, now).await
    }

    /// Replaces the payment methods: of two writers the later one wins, as with any `PUT`.
    pub async fn set_payment_methods(&self, methods: &PaymentMethods, now: Timestamp) -> Result<(), StoreError> {
        self.write(PAYMENT_METHODS, methods, now).await
    }

    fn collection<T: Send + Sync>(&self) -> Collection<Setting<T>> {
        self.database.collection("settings")
    }

    async fn read<T: DeserializeOwned + Default + Send + Sync>(&self, name: &str) -> Result<T, StoreError> {
        let setting = self.collection::<T>().find_one(doc! {"_id": name}).await?;
        Ok(setting.map(|setting| setting.value).unwrap_or_default())
    }

    async fn read_all(&self, names: &[&str]) -> Result<Vec<AnySetting>, StoreError> {
        let filter = doc! {"_id": {"$in": names}};
        Ok(self.database.collection::<AnySetting>("settings").find(filter).await?.try_collect().await?)
    }

    async fn write<T: Serialize + Send + Sync>(&self, name: &str, value: &T, now: Timestamp) -> Result<(), StoreError> {
        let setting = WithSchema::of(Setting { name: name.to_owned(), value, updated_at: now });
        self.database.collection("settings").replace_one(doc! {"_id": name}, setting).upsert(true).await?;
        Ok(())
    }
}
