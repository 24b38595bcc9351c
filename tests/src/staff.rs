//! Staff: an operator who signs in and calls the API as the browser does.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail, ensure};
use futures_util::StreamExt as _;
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

/// Name of the session's cookie.
const COOKIE: &str = "__Host-pforte";
/// How long a code is shown, in seconds. The server takes the one before and the one after too.
const CODE_S: u64 = 30;
/// Longest wait for something to happen in the feed.
const FEED_WAIT: Duration = Duration::from_secs(60);

/// Seconds since 1970, for one-time codes.
#[expect(clippy::disallowed_methods, reason = "staff's telephone has a clock of its own")]
pub fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// The one-time code of a secret at an instant.
pub fn code(secret: &str, at_s: u64) -> anyhow::Result<String> {
    let secret = Secret::try_from_base32(secret).map_err(|error| anyhow::anyhow!("the secret: {error:?}"))?;
    let totp = Builder::new().with_secret(secret).build().map_err(|error| anyhow::anyhow!("{error:?}"))?;
    Ok(totp.generate(at_s).to_string())
}

/// What somebody signs in with.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Account {
    /// The tenant's short name.
    pub tenant: String,
    /// Name.
    pub name: String,
    /// Password.
    pub password: String,
    /// Second factor's secret, Base32.
    pub totp_secret: String,
}

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub struct Staff {
    base: String,
    http: Client,
    cookie: String,
    /// What they signed in with.
    pub account: Account,
}

fn client() -> anyhow::Result<Client> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Ok(Client::builder().timeout(Duration::from_secs(30)).build()?)
}

fn session_of(response: &reqwest::Response) -> anyhow::Result<String> {
    let cookies = response.headers().get_all("set-cookie").iter();
    cookies
        .filter_map(|cookie| cookie.to_str().ok())
        .find_map(|cookie| cookie.split(';').next()?.strip_prefix(&format!("{COOKIE}=")).map(str::to_owned))
        .context("the answer begins no session")
}

impl Staff {
    /// Sets an operator up by a one-time link and stays signed in.
    pub async fn set_up(
        base: &str,
        setup_url: &str,
        name: &str,
        display_name: &str,
        password: &str,
    ) -> anyhow::Result<Self> {
        let token = setup_url.split_once('#').context("the link has no token")?.1;
        let http = client()?;
        let look = http.post(format!("{base}/api/v1/setup/look")).json(&json!({ "token": token })).send().await?;
        let look: Value = look.error_for_status()?.json().await?;
        let secret = look["totp_secret"].as_str().context("totp_secret")?.to_owned();
        let mut body = json!({ "token": token, "password": password, "totp": code(&secret, now_s() - CODE_S)? });
        if look["name"].is_null() {
            body["name"] = json!(name);
            body["display_name"] = json!(display_name);
        }
        let response = http.post(format!("{base}/api/v1/setup")).json(&body).send().await?;
        if !response.status().is_success() {
            bail!("set-up was refused: {}", response.text().await?);
        }
        let cookie = session_of(&response)?;
        let tenant = look["tenant"]["slug"].as_str().context("tenant")?.to_owned();
        let account = Account { tenant, name: name.to_owned(), password: password.to_owned(), totp_secret: secret };
        Ok(Self { base: base.to_owned(), http, cookie, account })
    }

    /// Signs in. A code is good once: the one before is tried first, so that the one of now stays for a person.
    pub async fn sign_in(base: &str, account: &Account) -> anyhow::Result<Self> {
        let http = client()?;
        for at_s in [now_s() - CODE_S, now_s(), now_s() + CODE_S] {
            let body = json!({
                "tenant": account.tenant, "name": account.name, "password": account.password,
                "totp": code(&account.totp_secret, at_s)?,
            });
            let response = http.post(format!("{base}/api/v1/session")).json(&body).send().await?;
            if response.status().is_success() {
                let cookie = session_of(&response)?;
                return Ok(Self { base: base.to_owned(), http, cookie, account: account.clone() });
            }
        }
        bail!("{} can't sign in", account.name)
    }

    /// Where the server is.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The same person at another address: the server was started again.
    #[must_use]
    pub fn moved_to(&self, base: &str) -> Self {
        Self { base: base.to_owned(), ..self.clone() }
    }

    /// The session's cookie, as a browser sends it.
    pub fn cookie(&self) -> String {
        format!("{COOKIE}={}", self.cookie)
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http
            .request(method, format!("{}/api/v1{path}", self.base))
            .header("cookie", self.cookie())
            .header("x-pforte", "1")
    }

    /// Calls the API; answers status and body whatever they are.
    pub async fn try_call(&self, method: Method, path: &str, body: &Value) -> anyhow::Result<(StatusCode, Value)> {
        let mut request = self.request(method, path);
        if !body.is_null() {
            request = request.json(body);
        }
        let response = request.send().await?;
        let status = response.status();
        let text = response.text().await?;
        Ok((status, serde_json::from_str(&text).unwrap_or(Value::Null)))
    }

    async fn call(&self, method: Method, path: &str, body: &Value) -> anyhow::Result<Value> {
        let (status, answer) = self.try_call(method.clone(), path, body).await?;
        ensure!(status.is_success(), "{method} {path}: {status} {answer}");
        Ok(answer)
    }

    /// Reads.
    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.call(Method::GET, path, &Value::Null).await
    }

    /// Makes or does something.
    pub async fn post(&self, path: &str, body: Value) -> anyhow::Result<Value> {
        self.call(Method::POST, path, &body).await
    }

    /// Puts something in place.
    pub async fn put(&self, path: &str, body: Value) -> anyhow::Result<Value> {
        self.call(Method::PUT, path, &body).await
    }

    /// Removes something.
    pub async fn delete(&self, path: &str, body: Value) -> anyhow::Result<Value> {
        self.call(Method::DELETE, path, &body).await
    }

    /// Changes the version of something that is there now.
    pub async fn patch(&self, path: &str, body: Value) -> anyhow::Result<Value> {
        let read = self.request(Method::GET, path).send().await?.error_for_status()?;
        let tag = read.headers().get("etag").context("no ETag")?.to_str()?.to_owned();
        self.call_tagged(Method::PATCH, path, &tag, body).await
    }

    /// Changes a version of something that is known already.
    pub async fn patch_version(&self, path: &str, version: i64, body: Value) -> anyhow::Result<Value> {
        self.call_tagged(Method::PATCH, path, &format!("\"{version}\""), body).await
    }

    /// Puts something in place of a version that is known already.
    pub async fn put_version(&self, path: &str, version: i64, body: Value) -> anyhow::Result<Value> {
        self.call_tagged(Method::PUT, path, &format!("\"{version}\""), body).await
    }

    async fn call_tagged(&self, method: Method, path: &str, tag: &str, body: Value) -> anyhow::Result<Value> {
        let response = self.request(method.clone(), path).header("if-match", tag).json(&body).send().await?;
        let status = response.status();
        let text = response.text().await?;
        ensure!(status.is_success(), "{method} {path}: {status} {text}");
        Ok(serde_json::from_str(&text)?)
    }

    /// Uploads a photo.
    pub async fn put_photo(&self, person: &str, picture: Vec<u8>) -> anyhow::Result<()> {
        let response = self.request(Method::PUT, &format!("/people/{person}/photo")).body(picture).send().await?;
        ensure!(response.status().is_success(), "photo: {}", response.text().await?);
        Ok(())
    }

    /// Follows a dialogue at an enrolment station from its beginning.
    pub async fn steps(&self, enrolment: &str) -> anyhow::Result<Steps> {
        Ok(Steps(self.stream(&format!("/enrolments/{enrolment}/steps")).await?))
    }

    async fn stream(&self, path: &str) -> anyhow::Result<Feed> {
        let url = format!("{}/api/v1{path}", self.base);
        let response = Client::builder().build()?.get(url).header("cookie", self.cookie()).send().await?;
        let response = response.error_for_status()?;
        Ok(Feed { stream: Box::pin(response.bytes_stream()), buffer: Vec::new() })
    }

    /// Follows the feed from after `position`, or from now on.
    pub async fn feed(&self, position: Option<i64>) -> anyhow::Result<Feed> {
        let path = position.map_or_else(|| "/feed".to_owned(), |position| format!("/feed?after={position}"));
        let mut feed = self.stream(&path).await?;
        if position.is_none() {
            feed.until_named("ready").await?;
        }
        Ok(feed)
    }
}

/// Steps of a dialogue at an enrolment station.
#[derive(Debug)]
pub struct Steps(Feed);

impl Steps {
    /// The next step.
    pub async fn next(&mut self) -> anyhow::Result<Value> {
        Ok(self.0.next_data().await?.1)
    }
}

type Bytes = std::pin::Pin<Box<dyn futures_util::Stream<Item = reqwest::Result<bytes::Bytes>> + Send>>;

/// What happens, as it happens.
pub struct Feed {
    stream: Bytes,
    buffer: Vec<u8>,
}

impl std::fmt::Debug for Feed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Feed")
    }
}

impl Feed {
    /// The next message that has a name, and its data.
    pub async fn next(&mut self) -> anyhow::Result<(String, Value)> {
        loop {
            if let (Some(name), data) = self.next_data().await? {
                return Ok((name, data));
            }
        }
    }

    async fn next_data(&mut self) -> anyhow::Result<(Option<String>, Value)> {
        loop {
            if let Some(end) = self.buffer.windows(2).position(|pair| pair == b"\n\n") {
                let message: Vec<u8> = self.buffer.drain(..end + 2).collect();
                let text = String::from_utf8(message)?;
                let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
                if let Some(data) = field("data:") {
                    return Ok((field("event:").map(str::to_owned), serde_json::from_str(data)?));
                }
                continue;
            }
            let chunk = tokio::time::timeout(FEED_WAIT, self.stream.next()).await.context("the feed is silent")?;
            self.buffer.extend_from_slice(&chunk.context("the feed ended")??);
        }
    }

    async fn until_named(&mut self, name: &str) -> anyhow::Result<Value> {
        loop {
            let (event, data) = self.next().await?;
            if event == name {
                return Ok(data);
            }
        }
    }

    /// The next event of the log that is wanted.
    pub async fn until(&mut self, is_wanted: impl Fn(&Value) -> bool) -> anyhow::Result<Value> {
        let search = async {
            loop {
                let (name, data) = self.next().await?;
                if name == "log" && is_wanted(&data) {
                    return Ok(data);
                }
            }
        };
        tokio::time::timeout(FEED_WAIT, search).await.context("what was waited for did not come in the feed")?
    }

    /// The next decision.
    pub async fn decision(&mut self) -> anyhow::Result<Value> {
        self.until(|event| event["kind"] == "decision").await
    }

    /// The next event of a kind.
    pub async fn kind(&mut self, kind: &str) -> anyhow::Result<Value> {
        self.until(|event| event["kind"] == kind).await
    }
}
