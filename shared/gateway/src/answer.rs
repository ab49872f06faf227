//! What is kept of a gateway's answer.

use shop_domain::sealing::Plaintext;

/// The longest value; codes are shorter.
const LONGEST: usize = 64;

/// What is kept of the gateway's answer to an attempt, for disputes and for support: codes and ids, never a secret, a
/// number of a card or a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is what the gateway calls it")]
pub struct GatewayAnswer {
    pub intent: Option<String>,
    pub status: Option<String>,
    pub charge: Option<String>,
    pub network: Option<String>,
    pub authorization_code: Option<String>,
    pub failure_code: Option<String>,
    pub decline_code: Option<String>,
    pub network_decline_code: Option<String>,
    pub outcome_type: Option<String>,
    pub outcome_reason: Option<String>,
    pub network_status: Option<String>,
    pub risk_level: Option<String>,
}

impl GatewayAnswer {
    /// The answer as JSON, shorter than 4 KB whatever the gateway sent.
    pub fn to_text(&self) -> Plaintext {
        let fields = [
            ("intent", &self.intent),
            ("status", &self.status),
            ("charge", &self.charge),
            ("network", &self.network),
            ("authorizationCode", &self.authorization_code),
            ("failureCode", &self.failure_code),
            ("declineCode", &self.decline_code),
            ("networkDeclineCode", &self.network_decline_code),
            ("outcomeType", &self.outcome_type),
            ("outcomeReason", &self.outcome_reason),
            ("networkStatus", &self.network_status),
            ("riskLevel", &self.risk_level),
        ];
        let given =
            fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), code(value.as_deref()?).into())));
        Plaintext::new(serde_json::Value::Object(given.collect()).to_string())
    }
}

/// A code without what no code contains.
fn code(text: &str) -> String {
    text.chars().filter(char::is_ascii_graphic).take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_of_an_answer_is_bounded() {
        let endless = || Some("\"\u{1}é".repeat(10_000));
        let answer = GatewayAnswer {
            intent: endless(),
            status: endless(),
            charge: endless(),
            network: endless(),
            authorization_code: endless(),
            failure_code: endless(),
            decline_code: endless(),
            network_decline_code: endless(),
            outcome_type: endless(),
            outcome_reason: endless(),
            network_status: endless(),
            risk_level: endless(),
        };
        assert!(answer.to_text().expose().len() < 4096);
        assert_eq!(GatewayAnswer::default().to_text().expose(), "{}");
        let charge = GatewayAnswer { charge: Some("ch_1".to_owned()), ..GatewayAnswer::default() };
        assert_eq!(charge.to_text().expose(), r#"{"charge":"ch_1"}"#);
    }
}
