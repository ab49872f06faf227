//! A command that a state does not allow, in the caller's words.

use shop_domain::{Command, IllegalTransition};

use super::{Problem, ProblemCode};

impl From<IllegalTransition> for Problem {
    fn from(refused: IllegalTransition) -> Self {
        let (subject, participle) = words(refused.command);
        let state = refused.state.as_str();
        Self::new(ProblemCode::IllegalTransition)
            .detail(format!("{subject} in the state `{state}` cannot be {participle}."))
            .member("state", state)
    }
}

const fn words(command: Command) -> (&'static str, &'static str) {
    match command {
        Command::ConfirmOrder => ("An order", "confirmed"),
        Command::ReopenOrder => ("An order", "reopened"),
        Command::PickOrder => ("An order", "picked"),
        Command::ShipOrder => ("An order", "shipped"),
        Command::DeliverOrder => ("An order", "delivered"),
        Command::CancelOrder => ("An order", "cancelled"),
        Command::RequestReturn => ("An order", "returned"),
        Command::ApproveReturn => ("A return", "approved"),
        Command::RejectReturn => ("A return", "rejected"),
        Command::ReceiveReturn => ("A return", "received"),
        Command::RetryPayment => ("A payment", "retried"),
        Command::OpenIntent | Command::RequireAction => ("A payment", "charged"),
        Command::FailPayment => ("A payment", "ended"),
        Command::MarkRefundPaid => ("A refund", "marked as paid"),
        Command::RetryRefund => ("A refund", "retried"),
        Command::RejectRefund => ("A refund", "rejected"),
        Command::RecordTransfer => ("A payment", "marked as paid"),
        Command::ChangeMethod => ("A payment", "changed to another method"),
        Command::UnpublishProduct => ("A product", "made a draft again"),
        Command::ArchiveProduct => ("A product", "archived"),
    }
}
