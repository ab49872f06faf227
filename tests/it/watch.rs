//! The watch on commands itself: each kind of fault is seen, and what the shop sends is none.

use bson::{Document, doc};
use tests::watch::fault_of;

fn majority() -> Document {
    doc! {"w": "majority"}
}

#[test]
fn commands_that_could_lose_acknowledged_writes_are_detected() {
    let reservation = doc! {"findAndModify": "inventory", "update": {"$push": {"reservations": {}}}};
    let bulk = doc! {"update": "inventory", "updates": [{"q": {"reservations.order": 1}, "u": {}}]};
    for write in [reservation, bulk] {
        assert!(fault_of(&write).is_some(), "{write}");
        let mut alone = write.clone();
        alone.insert("writeConcern", doc! {"w": 1});
        assert!(fault_of(&alone).is_some(), "{alone}");
        alone.insert("writeConcern", majority());
        assert_eq!(fault_of(&alone), None, "{alone}");
    }
    let begin = doc! {"insert": "orders", "startTransaction": true, "autocommit": false};
    assert!(fault_of(&begin).is_some());
    let mut snapshot = begin;
    snapshot.insert("readConcern", doc! {"level": "snapshot"});
    assert_eq!(fault_of(&snapshot), None);

    assert!(fault_of(&doc! {"commitTransaction": 1, "autocommit": false}).is_some());
    assert_eq!(fault_of(&doc! {"commitTransaction": 1, "autocommit": false, "writeConcern": majority()}), None);

    let read = |mode: &str, level: &str| {
        doc! {"find": "orders", "$readPreference": {"mode": mode}, "readConcern": {"level": level}}
    };
    assert!(fault_of(&read("secondaryPreferred", "majority")).is_some());
    assert!(fault_of(&read("nearest", "majority")).is_some());
    assert!(fault_of(&read("primary", "local")).is_some());
    assert_eq!(fault_of(&read("primary", "majority")), None);
}
