//! Messages that cannot be processed, in the real queues: they fail alone, reach the dead-letter queue, and can be redriven.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_sqs::types::QueueAttributeName;
use local::{components::sqs, poller::Poller};
use shared::{
    domain::{
        Id,
        message::{Event, Message, Queue},
        order::{Order, OrderStatus},
    },
    queue::{Consumer, ProcessError},
};
use tests::{
    TestShop,
    gateway::{Call, Fault},
};

use crate::payments::Sale;

/// A queue as the operator sees it.
struct Operator {
    client: aws_sdk_sqs::Client,
    url: String,
    dead_letters: String,
}

impl Operator {
    fn of(shop: &TestShop, queue: Queue) -> Self {
        let url = |name: &str| shop.place.queues[name].clone();
        Self {
            client: sqs::client(&shop.place.components.sqs_endpoint),
            url: url(queue.as_str()),
            dead_letters: url(&format!("{}-dlq", queue.as_str())),
        }
    }

    /// Failed messages become visible at once.
    async fn hurry(&self) {
        let set = self.client.set_queue_attributes().queue_url(&self.url);
        set.attributes(QueueAttributeName::VisibilityTimeout, "0").send().await.unwrap();
    }

    async fn send(&self, body: &str) {
        self.client.send_message().queue_url(&self.url).message_body(body).send().await.unwrap();
    }

    /// Empties the dead-letter queue; answers the bodies.
    async fn take_dead_letters(&self) -> Vec<String> {
        let mut bodies = Vec::new();
        loop {
            let receive = self.client.receive_message().queue_url(&self.dead_letters).max_number_of_messages(10);
            let messages = receive.send().await.unwrap().messages.unwrap_or_default();
            if messages.is_empty() {
                return bodies;
            }
            for message in messages {
                let delete = self.client.delete_message().queue_url(&self.dead_letters);
                delete.receipt_handle(message.receipt_handle.unwrap()).send().await.unwrap();
                bodies.push(message.body.unwrap());
            }
        }
    }
}

/// Feeds a function until its queue is empty; answers how many messages came with each batch.
async fn feed(poller: &Poller) -> Vec<usize> {
    let mut batches = Vec::new();
    loop {
        match poller.poll(0).await.unwrap() {
            0 => return batches,
            received => batches.push(received),
        }
        assert!(batches.len() < 100, "the queue never becomes empty");
    }
}

#[tokio::test]
async fn poison_reaches_the_dead_letter_queue_after_five_receives() {
    let sale = Sale::ordered().await;
    let operator = Operator::of(&sale.shop, Queue::Payments);
    operator.hurry().await;
    let now = sale.shop.clock.now();
    let (payment_id, order_id) = (Id::new(), Id::new());
    let about_nothing = Event::PaymentRequested { payment_id, order_id, attempt: 1 }.now(now);
    let not_for_this_queue = Event::OrderPaid { order_id }.now(now);
    let mut of_the_future = Event::PaymentStatusUnknown { payment_id, order_id }.now(now);
    of_the_future.version = 2;
    let mut poison = vec!["{".to_owned(), "null".to_owned(), r#"{"$gt":""}"#.to_owned()];
    poison.extend(
        [about_nothing, not_for_this_queue, of_the_future].map(|message| serde_json::to_string(&message).unwrap()),
    );
    for body in &poison {
        operator.send(body).await;
    }

    let batches = feed(&sale.shop.poller(Queue::Payments)).await;
    assert_eq!(batches.iter().sum::<usize>(), 1 + 5 * poison.len(), "{batches:?}");
    let mut dead = operator.take_dead_letters().await;
    dead.sort_unstable();
    poison.sort_unstable();
    assert_eq!(dead, poison);
    sale.shop.run_queues().await;
    sale.is_paid_once().await;
}

#[tokio::test]
async fn redriving_dead_letters_after_an_outage_processes_them() {
    let sale = Sale::ordered().await;
    let operator = Operator::of(&sale.shop, Queue::Payments);
    operator.hurry().await;
    for _ in 0..5 {
        sale.gateway.fail_next(Call::Open, Fault::RequestLost);
    }
    assert_eq!(feed(&sale.shop.poller(Queue::Payments)).await, [1, 1, 1, 1, 1]);
    let dead = operator.take_dead_letters().await;
    assert_eq!(dead, [sale.message("payment.requested").await.body]);
    assert_eq!(sale.stock().await.reserved, 1);

    for body in dead {
        operator.send(&body).await;
    }
    sale.shop.run_queues().await;
    sale.is_paid_once().await;
}

/// A consumer with a bug: it panics over one order.
struct Buggy {
    real: Arc<dyn Consumer>,
    panics_over: Id<Order>,
}

#[async_trait]
impl Consumer for Buggy {
    async fn process(&self, message: Message) -> Result<(), ProcessError> {
        assert_ne!(message.event.order_id(), Some(self.panics_over), "a bug");
        self.real.process(message).await
    }
}

#[tokio::test]
async fn one_bad_body_and_one_panic_in_a_batch_of_ten_fail_exactly_those_two() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 50).await;
    let mut orders = Vec::new();
    for number in 0..9 {
        orders.push(shop.customer(&format!("buyer{number}")).await.order(&mug, 1).await.is(201).id());
    }
    assert!(shop.deliver(&shop.enqueued("payment.requested").await).await.is_empty());
    let operator = Operator::of(&shop, Queue::Fulfillment);
    operator.send("{").await;

    let good = shop.poller(Queue::Fulfillment);
    let buggy = Poller {
        consumer: Arc::new(Buggy { real: Arc::clone(&good.consumer), panics_over: orders[4].parse().unwrap() }),
        ..good.clone()
    };
    let batch = buggy.receive(0).await.unwrap();
    assert_eq!(batch.len(), 10);
    assert_eq!(buggy.hand_over(&batch).await.unwrap(), 2);
    for (number, order) in orders.iter().enumerate() {
        let expected = if number == 4 { OrderStatus::Confirmed } else { OrderStatus::Processing };
        assert_eq!(shop.find_order(order).await.status, expected, "order {number}");
    }

    // The bug is fixed; the eight processed messages are deleted and not received again.
    for message in &batch {
        let again = buggy.client.change_message_visibility().queue_url(&buggy.url).visibility_timeout(0);
        // This fails for the deleted messages.
        let _ = again.receipt_handle(message.receipt_handle.clone().unwrap()).send().await;
    }
    let batch = good.receive(0).await.unwrap();
    assert_eq!(batch.len(), 2);
    assert_eq!(good.hand_over(&batch).await.unwrap(), 1);
    assert_eq!(shop.find_order(&orders[4]).await.status, OrderStatus::Processing);
    shop.verify().await;
}
