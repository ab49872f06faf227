//! Inspects every database command of a test, and fails the test if one could lose an acknowledged write: a reservation
//! without majority, a transaction without explicit concerns, a read from a secondary.

use std::sync::Mutex;

use bson::Document;
use mongodb::event::{EventHandler, command::CommandEvent};

/// The faults of this process. Each test has its own process.
static FAULTS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Looks at each command before it is sent.
pub fn handler() -> EventHandler<CommandEvent> {
    EventHandler::callback(|event| {
        if let CommandEvent::Started(started) = event
            && let Some(fault) = fault_of(&started.command)
        {
            FAULTS.lock().unwrap().push(format!("{fault}: {}", started.command));
        }
    })
}

/// Fails the test if a command broke a rule.
pub fn assert_no_faults() {
    let faults = std::mem::take(&mut *FAULTS.lock().unwrap());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The rule that a command breaks.
pub fn fault_of(command: &Document) -> Option<&'static str> {
    let is_in_transaction = command.get_bool("autocommit").is_ok_and(|commits| !commits);
    if writes_reservation(command) && !is_in_transaction && !waits_for_majority(command) {
        return Some("a reservation without majority");
    }
    if command.get_bool("startTransaction").unwrap_or(false) && read_concern(command) != Some("snapshot") {
        return Some("a transaction without read concern snapshot");
    }
    if command.contains_key("commitTransaction") && !waits_for_majority(command) {
        return Some("a commit without majority");
    }
    let mode = command.get_document("$readPreference").ok().and_then(|preference| preference.get_str("mode").ok());
    // The driver itself uses `primaryPreferred` for a single server.
    if mode.is_some_and(|mode| !matches!(mode, "primary" | "primaryPreferred")) {
        return Some("a read that may come from a secondary");
    }
    // Availability may be read locally: reservations that a majority does not have yet must count, and it decides no order.
    if command.get_str("find").is_ok_and(|on| on == "inventory") && read_concern(command) == Some("local") {
        return None;
    }
    let reads = ["find", "aggregate", "count", "distinct"].iter().any(|name| command.contains_key(name));
    if reads && !is_in_transaction && !matches!(read_concern(command), Some("majority" | "linearizable" | "snapshot")) {
        return Some("a read without majority");
    }
    None
}

fn writes_reservation(command: &Document) -> bool {
    let of_inventory =
        ["findAndModify", "update"].iter().any(|name| command.get_str(name).is_ok_and(|on| on == "inventory"));
    of_inventory && command.to_string().contains("reservations")
}

fn waits_for_majority(command: &Document) -> bool {
    command.get_document("writeConcern").is_ok_and(|concern| concern.get_str("w").is_ok_and(|w| w == "majority"))
}

fn read_concern(command: &Document) -> Option<&str> {
    command.get_document("readConcern").ok()?.get_str("level").ok()
}
