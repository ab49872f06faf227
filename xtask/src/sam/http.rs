//! A minimal HTTP client for the smoke test.

use std::io::{Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use anyhow::{Context as _, Result};

/// Longer than the time-out of API Gateway, because containers start slowly.
const READ_TIMEOUT: Duration = Duration::from_mins(1);

/// A response.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
    headers: String,
}

impl Answer {
    /// The value of a header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.lines().filter_map(|line| line.split_once(':'));
        headers.find(|(header, _)| header.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// The first string member of this name in the body, wherever it is.
    pub(super) fn text(&self, member: &str) -> Option<&str> {
        text(&self.body, member)
    }
}

/// The first string member of this name in a JSON text, wherever it is, as it is written there.
pub(super) fn text<'a>(json: &'a str, member: &str) -> Option<&'a str> {
    let (_, rest) = json.split_once(&format!("\"{member}\":"))?;
    let rest = rest.trim_start().strip_prefix('"')?;
    let mut is_escaped = false;
    let end = rest.find(|character| {
        let is_end = character == '"' && !is_escaped;
        is_escaped = character == '\\' && !is_escaped;
        is_end
    })?;
    rest.get(..end)
}

/// Sends one request and waits for the whole answer. `address` is `host:port`.
pub(super) fn send(
    address: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&str>,
) -> Result<Answer> {
    let target = address.to_socket_addrs()?.next().with_context(|| format!("{address} is not an address"))?;
    let mut stream = TcpStream::connect_timeout(&target, READ_TIMEOUT)?;
    stream.set_read_timeout(Some(READ_TIMEOUT))?;
    let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    if let Some(body) = body {
        request.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    request.push_str("\r\n");
    request.push_str(body.unwrap_or_default());
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).with_context(|| format!("{method} {path} was not answered"))?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").with_context(|| format!("{method} {path}: not HTTP"))?;
    let (status, headers) = head.split_once("\r\n").unwrap_or((head, ""));
    let status = status.split(' ').nth(1).and_then(|status| status.parse().ok());
    Ok(Answer {
        status: status.with_context(|| format!("{method} {path}: no status"))?,
        body: body.to_owned(),
        headers: headers.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_found_at_any_depth_and_with_escapes() {
        assert_eq!(text(r#"{"items":[{"id": "a1"}]}"#, "id"), Some("a1"));
        assert_eq!(text(r#"{"Body":"{\"id\":\"\\\"x\"}","b":1}"#, "Body"), Some(r#"{\"id\":\"\\\"x\"}"#));
        assert_eq!(text(r#"{"id":7}"#, "id"), None);
    }
}
