//! Data keys that KMS encrypted are decrypted at the start: a server with the API of KMS.

use aws_sdk_kms::{
    Client, Config,
    config::{BehaviorVersion, Credentials, Region},
    primitives::Blob,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use local::components::sqs::{CREDENTIAL, REGION};
use shared::{
    config::{
        Env,
        field_keys::{AwsKms, VARIABLE, encryption_context, read_with},
    },
    domain::{
        Random,
        sealing::{KeyRing, Plaintext, SealedField},
    },
};
use tests::place::components;

struct Kms {
    client: Client,
    key: String,
}

impl Kms {
    async fn start() -> Self {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            // The server of the queues has every API.
            .endpoint_url(components().await.sqs_endpoint)
            .region(Region::new(REGION))
            .credentials_provider(Credentials::new(CREDENTIAL, CREDENTIAL, None, None, "local"))
            .build();
        let client = Client::from_conf(config);
        let made = client.create_key().send().await.unwrap();
        Self { client, key: made.key_metadata.unwrap().key_id }
    }

    /// As `aws kms generate-data-key-without-plaintext` makes it.
    async fn encrypt(&self, id: &str, key: [u8; 32]) -> Vec<u8> {
        let request = self.client.encrypt().key_id(&self.key).plaintext(Blob::new(key));
        let made = request.set_encryption_context(Some(encryption_context(id))).send().await.unwrap();
        made.ciphertext_blob.unwrap().into_inner()
    }

    async fn read(&self, value: String) -> Result<KeyRing, String> {
        let mut env = Env::from_pairs([(VARIABLE, value)]);
        let keys = read_with(&mut env, &AwsKms::with(self.client.clone())).await;
        env.finish().map(|()| keys).map_err(|error| error.to_string())
    }
}

#[tokio::test]
async fn kms_decrypts_a_data_key_only_under_its_own_id() {
    let kms = Kms::start().await;
    let encrypted = BASE64_STANDARD.encode(kms.encrypt("2027-01", [3; 32]).await);
    let keys = kms.read(format!("2027-01:kms:{encrypted}")).await.unwrap();
    let (field, id) = (SealedField::PaymentHolderName, "507f1f77bcf86cd799439011");
    let sealed = keys.seal(&Random::from_os(), field, id, &Plaintext::new("Ada")).unwrap();
    let plain = KeyRing::try_new([("2027-01", [3; 32])]).unwrap();
    assert_eq!(plain.open(field, id, &sealed).unwrap().expose(), "Ada");

    let renamed = kms.read(format!("2028-01:kms:{encrypted}")).await.unwrap_err();
    assert!(renamed.contains("FIELD_KEYS has the key 2028-01, which KMS did not decrypt"), "{renamed}");
}
