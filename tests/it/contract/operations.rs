//! The operations, as the shop's own description lists them, and who may call which, as the contract says.

use std::collections::BTreeMap;

use serde_json::Value;

/// Who may call what, a line for each operation. This is the contract's, not the code's: the code is held to it.
///
/// `-` anybody, `G` a customer or a guest with a cart, `C` customers, `S` sellers and administrators, `A` administrators;
/// `own` only whose it is, to everybody else there is no such thing; `I` needs an `Idempotency-Key`.
const CONTRACT: &str = "
    POST   /v1/auth/register                        -
    POST   /v1/auth/login                           -
    POST   /v1/auth/refresh                         -
    POST   /v1/auth/logout                          C
    POST   /v1/auth/logout-all                      C
    POST   /v1/auth/verify-email                    -
    POST   /v1/auth/verify-email/resend             C
    POST   /v1/auth/password/forgot                 -
    POST   /v1/auth/password/reset                  -
    POST   /v1/auth/password/change                 C
    GET    /v1/auth/me                              C
    PATCH  /v1/auth/me                              C
    GET    /v1/auth/me/addresses                    C
    POST   /v1/auth/me/addresses                    C
    GET    /v1/auth/me/addresses/{id}               C own
    PUT    /v1/auth/me/addresses/{id}               C own
    DELETE /v1/auth/me/addresses/{id}               C own
    GET    /v1/auth/users                           A
    GET    /v1/auth/users/{id}                      A
    PATCH  /v1/auth/users/{id}                      A
    GET    /v1/auth/.well-known/jwks.json           -

    GET    /v1/products                             -
    GET    /v1/products/{id}                        -
    GET    /v1/products/{id}/related                -
    POST   /v1/products                             S
    PATCH  /v1/products/{id}                        S own
    DELETE /v1/products/{id}                        S own
    POST   /v1/products/{id}/publish                S own
    POST   /v1/products/{id}/archive                S own
    GET    /v1/products/{id}/inventory              S own
    POST   /v1/products/{id}/inventory/adjustments  S own I
    GET    /v1/categories                           -
    GET    /v1/categories/{id}                      -
    POST   /v1/categories                           A
    PATCH  /v1/categories/{id}                      A
    DELETE /v1/categories/{id}                      A

    GET    /v1/cart                                 -
    DELETE /v1/cart                                 G
    POST   /v1/cart/items                           -
    PATCH  /v1/cart/items/{itemId}                  G own
    DELETE /v1/cart/items/{itemId}                  G own
    PUT    /v1/cart/coupon                          G
    DELETE /v1/cart/coupon                          G
    POST   /v1/cart/merge                           C
    POST   /v1/cart/resume                          -
    GET    /v1/wishlists                            C
    POST   /v1/wishlists                            C
    GET    /v1/wishlists/{id}                       C own
    PATCH  /v1/wishlists/{id}                       C own
    DELETE /v1/wishlists/{id}                       C own
    PUT    /v1/wishlists/{id}/items/{productId}     C own
    DELETE /v1/wishlists/{id}/items/{productId}     C own
    POST   /v1/wishlists/{id}/items/{productId}/move-to-cart C own
    POST   /v1/wishlists/{id}/share                 C own
    GET    /v1/wishlists/shared/{shareToken}        -

    POST   /v1/checkout/quote                       G
    POST   /v1/checkout                             G I
    GET    /v1/orders                               C
    GET    /v1/orders/{idOrNumber}                  G own
    POST   /v1/orders/{id}/cancel                   G own I
    POST   /v1/orders/{id}/ship                     S own
    POST   /v1/orders/{id}/deliver                  S own
    POST   /v1/orders/{id}/notes                    S own
    GET    /v1/orders/lookup                        -
    POST   /v1/orders/{id}/returns                  C own I
    GET    /v1/returns                              C
    GET    /v1/returns/{id}                         C own
    POST   /v1/returns/{id}/approve                 A
    POST   /v1/returns/{id}/reject                  A
    POST   /v1/returns/{id}/receive                 A
    GET    /v1/coupons                              A
    POST   /v1/coupons                              A
    GET    /v1/coupons/{id}                         A
    PATCH  /v1/coupons/{id}                         A
    DELETE /v1/coupons/{id}                         A
    GET    /v1/settings/tax                         A
    PUT    /v1/settings/tax                         A
    GET    /v1/settings/shipping                    A
    PUT    /v1/settings/shipping                    A
    GET    /v1/settings/bank-account                A
    PUT    /v1/settings/bank-account                A
    GET    /v1/settings/payment-methods             A
    PUT    /v1/settings/payment-methods             A
    GET    /v1/settings/currencies                  A
    PUT    /v1/settings/currencies                  A
    GET    /v1/settings/payments                    A
    PUT    /v1/settings/payments                    A
    GET    /v1/reports/sales-by-category            S
    GET    /v1/reports/best-sellers                 S
    GET    /v1/reports/low-stock                    S
    GET    /v1/reports/revenue                      S

    GET    /v1/payments/methods                     C
    POST   /v1/payments/methods                     C
    PATCH  /v1/payments/methods/{id}                C own
    DELETE /v1/payments/methods/{id}                C own
    GET    /v1/payments/{id}                        G own
    POST   /v1/payments/{id}/confirm                G own I
    POST   /v1/payments/{id}/capture                A I
    POST   /v1/payments/{id}/refunds                A I
    POST   /v1/payments/{id}/mark-paid              A I
    POST   /v1/payments/{id}/refunds/{refundId}/retry A I
    POST   /v1/payments/{id}/refunds/{refundId}/reject A I
    POST   /v1/payments/{id}/refunds/{refundId}/mark-paid A I
    POST   /v1/payments/webhooks/stripe             -

    GET    /v1/reviews                              -
    POST   /v1/reviews                              C
    GET    /v1/reviews/{id}                         -
    PATCH  /v1/reviews/{id}                         C own
    DELETE /v1/reviews/{id}                         C own
    PUT    /v1/reviews/{id}/helpful                 C
    DELETE /v1/reviews/{id}/helpful                 C
    POST   /v1/reviews/{id}/report                  C
    GET    /v1/reviews/moderation                   A
    POST   /v1/reviews/{id}/approve                 A
    POST   /v1/reviews/{id}/reject                  A
    PUT    /v1/reviews/{id}/reply                   S own

    GET    /v1/health                               -
    GET    /v1/openapi.json                         -
    GET    /v1/docs                                 -
";

/// Who may call an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    Anybody,
    /// A customer, or a guest with a cart.
    Buyer,
    Customer,
    /// A seller or an administrator.
    Seller,
    Admin,
}

/// What the contract says about an operation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    pub(super) who: Who,
    /// Only its owner sees the resource of the path.
    pub(super) is_owned: bool,
    /// It must not happen twice by accident.
    pub(super) needs_key: bool,
}

/// The contract's rules by operation, such as `GET /v1/cart`.
pub(super) fn contract() -> BTreeMap<String, Rule> {
    let lines = CONTRACT.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let rules = lines.filter(|words| !words.is_empty()).map(|words| {
        let who = match words[2] {
            "-" => Who::Anybody,
            "G" => Who::Buyer,
            "C" => Who::Customer,
            "S" => Who::Seller,
            "A" => Who::Admin,
            other => panic!("an unknown caller: {other}"),
        };
        let rule = Rule { who, is_owned: words.contains(&"own"), needs_key: words.contains(&"I") };
        (format!("{} {}", words[0], words[1]), rule)
    });
    rules.collect()
}

/// One operation.
pub(super) struct Operation {
    pub(super) method: String,
    /// With its parameters, as `{id}`.
    pub(super) path: String,
    /// What the document says about it.
    pub(super) details: Value,
    /// What the contract says about it.
    pub(super) rule: Rule,
}

impl Operation {
    /// Such as `GET /v1/cart`.
    pub(super) fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// The schema of its JSON body, if it takes one.
    pub(super) fn body(&self) -> Option<&Value> {
        let schema = self.details.pointer("/requestBody/content/application~1json/schema")?;
        // Bodies that are read as they come, because they are signed, are described as text.
        (schema["type"] != "string").then_some(schema)
    }

    /// Whether it can do without the body.
    pub(super) fn can_do_without_body(&self) -> bool {
        self.details["requestBody"]["required"] != true
    }

    /// The query parameters: name and schema.
    pub(super) fn query(&self) -> Vec<(&str, &Value)> {
        let parameters = self.query_parameters();
        parameters.map(|parameter| (parameter["name"].as_str().unwrap(), &parameter["schema"])).collect()
    }

    /// The names of those query parameters that it cannot do without.
    pub(super) fn required_query(&self) -> Vec<&str> {
        let required = self.query_parameters().filter(|parameter| parameter["required"] == true);
        required.map(|parameter| parameter["name"].as_str().unwrap()).collect()
    }

    fn query_parameters(&self) -> impl Iterator<Item = &Value> {
        let parameters = self.details["parameters"].as_array().into_iter().flatten();
        parameters.filter(|parameter| parameter["in"] == "query")
    }

    /// Whether the path names something.
    pub(super) fn has_id(&self) -> bool {
        self.path.contains('{')
    }

    /// Which ways of saying who one is it knows: `bearer`, `cartToken`, or nothing.
    pub(super) fn security(&self) -> Vec<Option<&str>> {
        let ways = self.details["security"].as_array().into_iter().flatten();
        ways.map(|way| way.as_object().unwrap().keys().next().map(String::as_str)).collect()
    }

    /// Whether it looks at access tokens.
    pub(super) fn takes_bearer(&self) -> bool {
        self.security().contains(&Some("bearer"))
    }

    /// Whether it reads something public, of which users may see more: no cart, which is the buyer's own.
    pub(super) fn is_public_read(&self) -> bool {
        self.method == "GET" && self.rule.who == Who::Anybody && !self.security().contains(&Some("cartToken"))
    }
}

/// The whole API.
pub(super) struct Api {
    pub(super) document: Value,
    pub(super) operations: Vec<Operation>,
}

impl Api {
    /// As the functions' routers describe it.
    pub(super) fn load() -> Self {
        let document = serde_json::to_value(local::shop::openapi()).unwrap();
        let rules = contract();
        let mut operations = Vec::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, details) in methods.as_object().unwrap() {
                let method = method.to_uppercase();
                let name = format!("{method} {path}");
                let rule = rules.get(&name).unwrap_or_else(|| panic!("say in CONTRACT who may call {name}"));
                operations.push(Operation { method, path: path.clone(), details: details.clone(), rule: *rule });
            }
        }
        Self { document, operations }
    }

    /// What a schema is in the end, and what it is called: `$ref`s and the alternative of `null` are resolved.
    pub(super) fn resolve<'a>(&'a self, schema: &'a Value) -> (&'a Value, &'a str) {
        if let Some(reference) = schema["$ref"].as_str() {
            let pointer = reference.strip_prefix('#').unwrap();
            let target = self.document.pointer(pointer).unwrap_or_else(|| panic!("{reference} leads nowhere"));
            return (target, reference.rsplit('/').next().unwrap());
        }
        let alternatives = schema["oneOf"].as_array().into_iter().flatten();
        match alternatives.into_iter().find(|alternative| alternative["type"] != "null") {
            Some(alternative) => self.resolve(alternative),
            None => (schema, ""),
        }
    }
}
