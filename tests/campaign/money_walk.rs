//! Each run is one history; see [`tests::walk`].

use tests::{
    campaign::Run,
    walk::{self, World},
};
use tokio::sync::Mutex;

/// Creating a world takes longer than a history.
static WORLD: Mutex<Option<World>> = Mutex::const_new(None);

pub(crate) async fn walk(run: Run) {
    let mut kept = WORLD.lock().await;
    let mut world = match kept.take() {
        Some(world) => world,
        None => World::new().await,
    };
    walk::walk_once(&mut world, &run).await;
    *kept = Some(world);
}
