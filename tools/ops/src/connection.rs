//! The connection to the database of the shop.

use anyhow::{Context as _, Result, bail};
use shared::{
    config::{Env, MongoSettings, field_keys},
    domain::sealing::KeyRing,
    store::{PoolSize, Store, migrations},
};

/// More connections than a function has, because commands run concurrently.
const POOL: PoolSize = PoolSize(16);

/// The variables of the functions, some of them overridden.
pub(crate) async fn environment(overrides: &[(&str, Option<&str>)]) -> Env {
    let process =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let named = overrides.iter().filter_map(|(name, value)| Some(((*name).to_owned(), (*value)?.to_owned())));
    Env::from_pairs(process.chain(named)).resolve_secrets().await
}

/// Connects with the variables of the functions, which the command line can override.
pub(crate) async fn connect(uri: Option<&str>, database: Option<&str>) -> Result<Store> {
    let mut env = environment(&[("MONGODB_URI", uri), ("MONGODB_DATABASE", database)]).await;
    let settings = MongoSettings::read(&mut env);
    env.finish()?;
    let store = Store::connect(settings.uri.expose(), &settings.database, "ops", POOL).await?;
    store.ping().await.context("reaching MongoDB")?;
    Ok(store)
}

/// Connects to a migrated database: without its validators and indexes, writes would not be checked.
pub(crate) async fn connect_migrated(uri: Option<&str>, database: Option<&str>) -> Result<Store> {
    let store = connect(uri, database).await?;
    let pending = migrations::pending(&store).await?;
    if !pending.is_empty() {
        bail!("the database lacks the migrations {}: run `ops migrate` first", pending.join(", "));
    }
    Ok(store)
}

/// The keys of sealed fields, from the variable of the functions; `None` if it is not set.
pub(crate) async fn field_keys() -> Result<Option<KeyRing>> {
    let process =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let own = process.filter(|(name, _)| name.starts_with(field_keys::VARIABLE));
    let mut env = Env::from_pairs(own).resolve_secrets().await;
    let keys = field_keys::read_optional(&mut env).await;
    env.finish()?;
    Ok(keys)
}

/// Like [`field_keys`], and fails without keys.
pub(crate) async fn required_field_keys() -> Result<KeyRing> {
    field_keys().await?.with_context(|| {
        format!("{0} is not set: set it as for the functions, or name a secret in {0}_SECRET_ARN", field_keys::VARIABLE)
    })
}
