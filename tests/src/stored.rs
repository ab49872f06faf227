//! Everything that a shop has kept, as text: to look for what it must not keep.

use std::collections::BTreeMap;

use bson::{Document, doc};
use futures::TryStreamExt;

use crate::{log, shop::TestShop};

impl TestShop {
    /// Every collection, the waiting messages of every queue, the log since [`log::capture`], and the mails of all tests.
    pub async fn kept(&self) -> BTreeMap<String, String> {
        let mut kept = BTreeMap::new();
        for name in self.store().database().list_collection_names().await.unwrap() {
            let found = self.store().database().collection::<Document>(&name).find(doc! {}).await.unwrap();
            let documents: Vec<Document> = found.try_collect().await.unwrap();
            let text: Vec<String> = documents.iter().map(Document::to_string).collect();
            kept.insert(name, text.join("\n"));
        }
        let client = local::components::sqs::client(&self.place.components.sqs_endpoint);
        for (name, url) in &self.place.queues {
            let request = client.receive_message().queue_url(url).max_number_of_messages(10).visibility_timeout(0);
            let received = request.send().await.unwrap();
            let bodies: Vec<&str> = received.messages().iter().filter_map(|message| message.body()).collect();
            kept.insert(format!("queue {name}"), bodies.join("\n"));
        }
        let mails = reqwest::get(format!("{}/messages", self.place.components.mailbox_url)).await.unwrap();
        kept.insert("mails".to_owned(), mails.text().await.unwrap());
        kept.insert("log".to_owned(), log::text());
        kept
    }

    /// Where a text is kept.
    pub async fn places_of(&self, text: &str) -> Vec<String> {
        let kept = self.kept().await;
        kept.into_iter().filter(|(_, content)| content.contains(text)).map(|(name, _)| name).collect()
    }
}
