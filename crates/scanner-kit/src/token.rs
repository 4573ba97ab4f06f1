//! The token that proves a scanner's account to the gateway.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use verify::account;

/// How long a token is good; the gateway takes at most 300 s.
const GOOD_FOR: Duration = Duration::from_mins(1);

/// A token for one request: `Authorization: JWT <token>`. It is good for a minute from `now`, and no two are alike.
#[must_use]
pub fn jwt(key: &str, secret: &str, now: SystemTime) -> String {
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    signed(key, secret, &nonce(since), since.as_secs(), (since + GOOD_FOR).as_secs())
}

/// Never the same twice in one process, and hardly in two.
fn nonce(since: Duration) -> String {
    static MADE: AtomicU64 = AtomicU64::new(0);
    let nth = MADE.fetch_add(1, Ordering::Relaxed);
    format!("{}.{}.{nth}", since.as_nanos(), std::process::id())
}

fn signed(key: &str, secret: &str, nonce: &str, issued_s: u64, expires_s: u64) -> String {
    let (key, nonce) = (Value::from(key), Value::from(nonce));
    account::token(secret, &format!(r#"{{"iss":{key},"jti":{nonce},"iat":{issued_s},"exp":{expires_s}}}"#))
}

#[cfg(test)]
mod tests {
    use super::*;
    use verify::account::{Claims, JwtRefusal, Presented};

    const NOW_S: i64 = 1_767_225_600;

    fn now() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(NOW_S.unsigned_abs())
    }

    fn believed(token: &str, now_s: i64) -> Result<Claims, JwtRefusal> {
        let header = format!("JWT {token}");
        Presented::read(Some(&header))?.expect("a token").verify("secret", now_s)
    }

    #[test]
    fn the_published_example_is_made_alike() {
        let secret = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";

        let token = signed("user:11181:483", secret, "0.47362944623455405", 1_767_225_600, 1_767_225_660);

        let claims = "eyJpc3MiOiJ1c2VyOjExMTgxOjQ4MyIsImp0aSI6IjAuNDczNjI5NDQ2MjM0NTU0MDUiLCJpYXQiOjE3NjcyMjU2MDAsImV4cCI6MTc2NzIyNTY2MH0";
        let signature = "B-uC74M6jps2gQ7XqkA0zbfU3Koq_NZ8jTqjRivjg0o";
        assert_eq!(token, format!("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.{claims}.{signature}"));
    }

    #[test]
    fn the_gateway_believes_it_for_a_minute_and_no_other_secret_s() {
        let token = jwt("user:1", "secret", now());

        assert!(believed(&token, NOW_S).is_ok());
        assert!(believed(&token, NOW_S + 120).is_err());
        assert!(believed(&jwt("user:1", "another", now()), NOW_S).is_err());
    }

    #[test]
    fn two_tokens_of_one_moment_differ() {
        assert_ne!(jwt("k", "s", now()), jwt("k", "s", now()));
    }

    #[test]
    fn a_key_cannot_break_out_of_its_claim() {
        let key = r#"k","exp":9,"x":""#;
        let token = format!("JWT {}", jwt(key, "secret", now()));
        let presented = Presented::read(Some(&token)).expect("it reads").expect("a token");
        assert_eq!(presented.unverified_issuer(), key);
    }
}
