//! People: how they get in and stay in, what ends that, and what their pages show.

use serde_json::{Value, json};
use verify::totp;

use crate::world::{Answered, Browser, FORM, PASSWORD, World};

async fn ada(world: &World) -> Browser {
    let made = world.api("POST", "/accounts?with=link", json!({"name": "ada", "role": "reader"})).await;
    assert_eq!((made.status.as_u16(), &made.json()["token"]), (201, &Value::Null), "{}", made.text());
    assert!(made.json()["link"].as_str().is_some_and(|link| link.starts_with("/login?ticket=")));
    world.sign_in("ada").await
}

async fn login(world: &World, name: &str, password: &str) -> Answered {
    world.page("POST", "/login", &[FORM], &format!("name={name}&password={password}")).await
}

pub async fn is_in(world: &World, browser: &Browser) -> bool {
    !world.open(browser, "/account").await.text().contains("<h1>Sign in</h1>")
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("{before} in {text}"));
    rest.split_once(after).expect("an end").0
}

#[tokio::test]
async fn a_link_lets_a_person_choose_a_password_once() {
    let world = World::new().await;
    world.api("POST", "/accounts?with=link", json!({"name": "ada", "role": "reader"})).await;
    let link = world.api("POST", "/accounts/ada/link", Value::Null).await.json();
    let path = link["path"].as_str().expect("a path").to_owned();
    let ticket = path.split_once('=').expect("a ticket").1;
    let page = world.page("GET", &path, &[], "").await;
    assert!(page.text().contains("Choose a password") && page.text().contains("ada"), "{}", page.text());

    let choose = |first: &str, second: &str| format!("ticket={ticket}&password={first}&again={second}");
    for (first, second, wrong) in [
        ("short", "short", "Expected at least 12 characters, found 5"),
        (PASSWORD, "another one altogether", "The two are not the same"),
        ("password123456", "password123456", "among the first that are tried"),
    ] {
        let refused = world.page("POST", "/login/password", &[FORM], &choose(first, second)).await;
        assert!(refused.status == 422 && refused.text().contains(wrong), "{}", refused.text());
        assert!(!refused.text().contains(first), "what was typed is not shown");
    }
    let chosen = world.page("POST", "/login/password", &[FORM], &choose(PASSWORD, PASSWORD)).await;
    assert_eq!(chosen.status, 303);
    let cookie = chosen.header("set-cookie");
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict") && !cookie.contains("Secure"),
        "{cookie}"
    );

    let again = world.page("POST", "/login/password", &[FORM], &choose(PASSWORD, PASSWORD)).await;
    assert!(again.status == 410 && again.text().contains("The link was used"), "{}", again.text());
    let origin = ("origin", "https://localhost:8641");
    let secure = world.page("POST", "/login", &[FORM, origin], &format!("name=ada&password={PASSWORD}")).await;
    assert!(secure.status == 303 && secure.header("set-cookie").contains("; Secure"), "{}", secure.text());
    let audit = world.api("GET", "/audit", Value::Null).await.text();
    assert!(audit.contains("chose a password for the account ada") && !audit.contains(PASSWORD), "{audit}");
}

#[tokio::test]
async fn a_link_ends_in_ten_minutes_and_is_none_for_services() {
    let world = World::new().await;
    let link = world.api("POST", "/accounts/reader/link", Value::Null).await.json();
    world.clock.forward(600);
    let late = world.page("GET", link["path"].as_str().expect("a path"), &[], "").await;
    assert_eq!(late.status, 410);

    world.api("POST", "/accounts", json!({"name": "scan", "role": "service"})).await;
    assert_eq!(world.api("POST", "/accounts/scan/link", Value::Null).await.problem(), "conflict");
    let made = world.api("POST", "/accounts?with=link", json!({"name": "scan2", "role": "service"})).await;
    assert_eq!(made.problem(), "invalid-value");
    world.api("DELETE", "/accounts/reader", Value::Null).await;
    assert_eq!(world.api("POST", "/accounts/reader/link", Value::Null).await.problem(), "conflict");
    assert_eq!(world.api_as(&world.submitter, "POST", "/accounts/ada/link", Value::Null).await.problem(), "forbidden");
}

#[tokio::test]
async fn a_name_that_is_guessed_at_is_shut_and_whoever_is_in_stays_in() {
    let world = World::new().await;
    let ada = ada(&world).await;
    let wrong = "The name or the password is not right.";
    for (name, password) in [("ada", "wrong"), ("nobody", PASSWORD), ("ada", "")] {
        let refused = login(&world, name, password).await;
        assert!(refused.status == 422 && refused.text().contains(wrong), "{}", refused.text());
    }
    for _ in 0..3 {
        login(&world, "ada", "wrong again").await;
    }
    let shut = login(&world, "ada", PASSWORD).await;
    assert_eq!((shut.status.as_u16(), shut.header("retry-after")), (429, "30"), "{}", shut.text());
    assert!(shut.text().contains("Try again after 2026-01-01 00:00:30"), "{}", shut.text());
    assert!(is_in(&world, &ada).await, "who is in stays in");

    world.clock.forward(30);
    assert_eq!(login(&world, "ada", PASSWORD).await.status, 303);
    assert_eq!(login(&world, "ada", "wrong").await.status, 422, "what was right forgives what was not");
}

#[tokio::test]
async fn who_is_in_is_not_shut_out_by_names_that_look_alike() {
    let world = World::new().await;
    let ada = ada(&world).await;
    for _ in 0..6 {
        login(&world, "again/ada", "a guess").await;
    }
    let again = world.fill_in(&ada, "/account/two-factor", &format!("proof={PASSWORD}")).await;
    assert_eq!(again.status, 200, "{}", again.text());
}

#[tokio::test]
async fn signing_in_anew_ends_the_browsers_session_and_is_audited() {
    let world = World::new().await;
    let first = ada(&world).await;
    let form = format!("name=ada&password={PASSWORD}");
    let anew = world.page("POST", "/login", &[FORM, ("cookie", &first.cookie)], &form).await;
    let second = world.browser(&anew).await;
    assert!(!is_in(&world, &first).await && is_in(&world, &second).await);
    let audit = world.api("GET", "/audit", Value::Null).await.text();
    assert!(audit.contains("signed in from an unknown address") && audit.contains("signed in anew"), "{audit}");
}

#[tokio::test]
async fn two_factor_sign_in_asks_for_a_code_that_counts_once() {
    let world = World::new().await;
    let ada = ada(&world).await;
    assert_eq!(world.fill_in(&ada, "/account/two-factor", "proof=wrong").await.status, 422);
    let page = world.fill_in(&ada, "/account/two-factor", &format!("proof={PASSWORD}")).await;
    let html = page.text();
    assert!(html.contains("<svg class=\"qr\"") && html.contains("otpauth://totp/Countersign:ada?secret="), "{html}");
    let shown = between(&html, "<code id=\"secret\">", "</code>");
    // The random bytes of this world are all the same.
    let secret = (0..=255_u8).map(|byte| [byte; 20]).find(|secret| totp::base32(secret) == shown).expect("the secret");
    let code = |world: &World| totp::code(&secret, totp::step_at(world.now().seconds()));

    let confirm = |code: &str| format!("code={code}");
    assert_eq!(world.fill_in(&ada, "/account/two-factor/confirm", &confirm("000000")).await.status, 422);
    let confirmed = world.fill_in(&ada, "/account/two-factor/confirm", &confirm(&code(&world))).await;
    let codes = between(&confirmed.text(), "<code id=\"codes\">", "</code>").to_owned();
    let recovery = codes.lines().next().expect("a code").to_owned();
    assert_eq!(codes.lines().count(), 10);
    assert!(world.open(&ada, "/account").await.text().contains("10 recovery codes are left"));

    let asked = login(&world, "ada", PASSWORD).await;
    assert!(asked.status == 200 && asked.header("set-cookie").is_empty() && asked.text().contains("Your code"));
    let ticket = between(&asked.text(), "name=\"ticket\" value=\"", "\"").to_owned();
    let second = |code: &str| format!("ticket={ticket}&code={code}");
    let used = world.page("POST", "/login/code", &[FORM], &second(&code(&world))).await;
    assert!(used.status == 422 && used.text().contains("was used before"), "the code that confirmed is used up");
    world.clock.forward(30);
    assert_eq!(world.page("POST", "/login/code", &[FORM], &second(&code(&world))).await.status, 303);
    let over = world.page("POST", "/login/code", &[FORM], &second(&code(&world))).await;
    assert_eq!(over.status, 410, "a step is gone through once");

    for _ in 0..5 {
        login(&world, "ada", "a guess of a stranger").await;
    }
    world.clock.forward(30);
    for (nth, expected) in [(0, 303), (1, 422)] {
        let asked = login(&world, "ada", PASSWORD).await;
        let ticket = between(&asked.text(), "name=\"ticket\" value=\"", "\"").to_owned();
        let form = format!("ticket={ticket}&code={}", recovery.to_uppercase().replace('-', "+"));
        assert_eq!(world.page("POST", "/login/code", &[FORM], &form).await.status, expected, "{nth}");
    }
    assert_eq!(world.api("DELETE", "/accounts/ada/second-factor", Value::Null).await.status, 204);
    assert_eq!(login(&world, "ada", PASSWORD).await.status, 303);
}

#[tokio::test]
async fn sessions_are_kept_listed_and_ended() {
    let world = World::new().await;
    let first = ada(&world).await;
    let second = world.browser(&login(&world, "ada", PASSWORD).await).await;
    let page = world.open(&first, "/account").await.text();
    assert!(page.contains("this one") && page.contains("End all others"), "{page}");
    let other = between(&page, "action=\"/account/sessions/ses_", "/end\"").to_owned();

    let world = world.restarted();
    assert!(is_in(&world, &first).await && is_in(&world, &second).await, "a restart ends none");
    assert_eq!(world.fill_in(&first, &format!("/account/sessions/ses_{other}/end"), "").await.status, 303);
    assert!(is_in(&world, &first).await && !is_in(&world, &second).await);

    let third = world.browser(&login(&world, "ada", PASSWORD).await).await;
    let fourth = world.browser(&login(&world, "ada", PASSWORD).await).await;
    assert_eq!(world.fill_in(&third, "/account/sessions/others/end", "").await.status, 303);
    assert!(is_in(&world, &third).await && !is_in(&world, &fourth).await && !is_in(&world, &first).await);
    world.fill_in(&third, "/logout", "").await;
    assert!(!is_in(&world, &third).await);
}

#[tokio::test]
async fn a_session_ends_when_it_is_idle_and_when_the_account_changes() {
    let world = World::new().await;
    let mut browser = ada(&world).await;
    for hour in 1..=8 {
        world.clock.forward(3_600);
        assert!(is_in(&world, &browser).await, "used each hour, after {hour}");
    }
    world.clock.forward(8 * 3_600);
    assert!(!is_in(&world, &browser).await, "not used for eight hours");

    browser = world.browser(&login(&world, "ada", PASSWORD).await).await;
    let other = world.browser(&login(&world, "ada", PASSWORD).await).await;
    let new = "a quite different phrase";
    let wrong =
        world.fill_in(&browser, "/account/password", &format!("present=wrong&password={new}&again={new}")).await;
    assert!(wrong.status == 422 && wrong.text().contains("This is not your present password"), "{}", wrong.text());
    let form = format!("present={PASSWORD}&password={new}&again={new}");
    let changed = world.fill_in(&browser, "/account/password", &form).await;
    assert_eq!(changed.status, 303, "{}", changed.text());
    assert!(!is_in(&world, &browser).await && !is_in(&world, &other).await, "a changed password ends all");

    browser = world.browser(&login(&world, "ada", new).await).await;
    world.api("PATCH", "/accounts/ada", json!({"role": "submitter"})).await;
    assert!(!is_in(&world, &browser).await, "another role ends them");
    browser = world.browser(&login(&world, "ada", new).await).await;
    world.api("PATCH", "/accounts/ada", json!({"permissions": ["Addons:FileDownload"]})).await;
    assert!(is_in(&world, &browser).await, "a permission does not");
    world.api("DELETE", "/accounts/ada", Value::Null).await;
    assert!(!is_in(&world, &browser).await, "being switched off does");
    assert_eq!(login(&world, "ada", new).await.status, 422);
}

#[tokio::test]
async fn the_own_api_believes_a_session_and_takes_changes_with_its_token_only() {
    let world = World::new().await;
    let browser = world.sign_in("administrator").await;
    let call = |method, headers: Vec<(&'static str, String)>, body: &'static str| {
        let (world, cookie) = (&world, browser.cookie.clone());
        async move {
            let mut all = vec![("cookie", cookie.as_str())];
            all.extend(headers.iter().map(|(name, value)| (*name, value.as_str())));
            world.page(method, "/api/v1/rules", &all, body).await
        }
    };
    assert_eq!(call("GET", vec![], "").await.status, 200);
    let rule = r#"{"name": "A", "action": "flag"}"#;
    assert_eq!(call("POST", vec![], rule).await.problem(), "origin-not-allowed");
    let guessed = vec![("x-csrf-token", "0".repeat(64))];
    assert_eq!(call("POST", guessed, rule).await.problem(), "origin-not-allowed");
    let ours = || ("x-csrf-token", browser.form_key.clone());
    let elsewhere = vec![ours(), ("origin", "https://evil.example".to_owned())];
    assert_eq!(call("POST", elsewhere, rule).await.problem(), "origin-not-allowed");
    assert_eq!(call("POST", vec![ours()], rule).await.status, 201);

    let forged = world.page("POST", "/account/keys", &[FORM, ("cookie", &browser.cookie)], "name=x").await;
    assert_eq!(forged.status, 403, "a form without its key");
}

#[tokio::test]
async fn a_key_shows_its_name_and_last_use_and_ends_at_once() {
    let world = World::new().await;
    let ada = ada(&world).await;
    for proof in ["", "&key_proof=a+guess"] {
        let refused = world.fill_in(&ada, "/account/keys", &format!("name=deploy{proof}")).await;
        assert!(refused.status == 422 && refused.text().contains("not your present password"), "{}", refused.text());
        assert!(refused.text().contains("value=\"deploy\""), "what was typed stays");
    }
    let own_key = |name: &str| format!("name={name}&key_proof={PASSWORD}");
    let made = world.fill_in(&ada, "/account/keys", &own_key("%3Cb%3Edeploy")).await;
    let token = between(&made.text(), "<code id=\"key\">", "</code>").to_owned();
    assert!(made.text().contains("This is shown once") && token.starts_with("cs_"), "{}", made.text());
    let page = world.open(&ada, "/account").await.text();
    assert!(page.contains("&#60;b&#62;deploy") && page.contains("never") && !page.contains(&token), "{page}");

    assert_eq!(world.api_as(&token, "GET", "/events", Value::Null).await.status, 200);
    let own = world.api_as(&token, "GET", "/account", Value::Null).await.json();
    assert_eq!((&own["name"], &own["tokens"][0]["name"]), (&json!("ada"), &json!("<b>deploy")));
    assert_eq!(own["tokens"][0]["last_used"], json!(world.now().rfc3339()), "{own}");
    let id = own["tokens"][0]["id"].as_str().expect("an id");
    assert_eq!(world.fill_in(&ada, &format!("/account/keys/{id}/revoke"), "").await.status, 303);
    assert_eq!(world.api_as(&token, "GET", "/events", Value::Null).await.problem(), "unauthenticated");

    let long = world.fill_in(&ada, "/account/keys", &own_key(&"x".repeat(81))).await;
    assert!(long.status == 422 && long.text().contains("at most 80 characters"), "{}", long.text());
}

#[tokio::test]
async fn keys_are_bounded_and_none_is_made_for_who_is_switched_off() {
    let world = World::new().await;
    let add = async || world.api("POST", "/accounts/reader/tokens", json!({})).await;
    for nth in 1..50 {
        assert_eq!(add().await.status, 201, "{nth}");
    }
    let full = add().await;
    assert!(full.problem() == "conflict" && full.text().contains("50 API keys in force"), "{}", full.text());
    let tokens = world.api("GET", "/accounts/reader", Value::Null).await.json()["tokens"].clone();
    let first = tokens[1]["id"].as_str().expect("an id");
    world.api("DELETE", &format!("/accounts/reader/tokens/{first}"), Value::Null).await;
    assert_eq!(add().await.status, 201, "one was revoked");

    world.api("DELETE", "/accounts/submitter", Value::Null).await;
    for path in ["tokens", "keys"] {
        let made = world.api("POST", &format!("/accounts/submitter/{path}"), Value::Null).await;
        assert!(made.problem() == "conflict" && made.text().contains("switched off"), "{}", made.text());
    }
}

#[tokio::test]
async fn setting_two_factor_up_belongs_to_one_session_and_replaces_nothing() {
    let world = World::new().await;
    let first = ada(&world).await;
    let second = world.browser(&login(&world, "ada", PASSWORD).await).await;
    let proof = format!("proof={PASSWORD}");
    let shown = |page: &Answered| between(&page.text(), "<code id=\"secret\">", "</code>").to_owned();
    let secret_of = |shown: &str| (0..=255_u8).map(|byte| [byte; 20]).find(|secret| totp::base32(secret) == shown);
    let begun = world.fill_in(&first, "/account/two-factor", &proof).await;
    let secret = secret_of(&shown(&begun)).expect("the secret");
    let other = world.fill_in(&second, "/account/two-factor/confirm", "code=000000").await;
    assert!(other.status == 409 && !other.text().contains(&shown(&begun)), "{}", other.text());
    let wrong = world.fill_in(&first, "/account/two-factor/confirm", "code=000000").await;
    assert!(wrong.status == 422 && !wrong.text().contains(&shown(&begun)), "{}", wrong.text());

    let also = world.fill_in(&second, "/account/two-factor", &proof).await;
    let others = secret_of(&shown(&also)).expect("another secret");
    assert_ne!(secret, others, "each has a secret of its own");
    let code = |secret: &[u8; 20], world: &World| totp::code(secret, totp::step_at(world.now().seconds()));
    let confirm = format!("code={}", code(&secret, &world));
    assert_eq!(world.fill_in(&first, "/account/two-factor/confirm", &confirm).await.status, 200);
    world.clock.forward(30);
    let confirm = format!("code={}", code(&others, &world));
    let late = world.fill_in(&second, "/account/two-factor/confirm", &confirm).await;
    assert!(late.status == 409 && late.text().contains("turned on meanwhile"), "{}", late.text());
}

#[tokio::test]
async fn a_form_of_another_site_signs_nobody_in() {
    let world = World::new().await;
    ada(&world).await;
    let form = format!("name=ada&password={PASSWORD}");
    for foreign in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")] {
        let forged = world.page("POST", "/login", &[FORM, foreign], &form).await;
        assert_eq!((forged.status.as_u16(), forged.header("set-cookie")), (403, ""), "{foreign:?}");
    }
    let own = ("sec-fetch-site", "same-origin");
    assert_eq!(world.page("POST", "/login", &[FORM, own], &form).await.status, 303);
}

#[tokio::test]
async fn an_administrator_makes_grants_and_switches_off_on_the_pages() {
    let world = World::new().await;
    let admin = world.sign_in("administrator").await;
    assert!(world.open(&admin, "/accounts").await.text().contains("submitter"));
    let made = world.fill_in(&admin, "/accounts", "name=%3Ci%3Egrace&role=member").await;
    let html = made.text();
    assert!(
        html.contains("/login?ticket=tkt_") && html.contains("&#60;i&#62;grace") && !html.contains("<i>"),
        "{html}"
    );
    let taken = world.fill_in(&admin, "/accounts", "name=reader&role=member").await;
    assert!(
        taken.status == 422 && taken.text().contains("There is an account &#34;reader&#34; already"),
        "{}",
        taken.text()
    );

    let account = world.api("GET", "/accounts/%3Ci%3Egrace", Value::Null).await.json();
    let path = format!("/accounts/{}", account["id"].as_str().expect("an id"));
    assert!(world.open(&admin, &path).await.text().contains("Member of nothing yet"));
    assert_eq!(world.fill_in(&admin, &format!("{path}/grants"), "kind=addon&name=85&access=write").await.status, 303);
    assert_eq!(world.fill_in(&admin, &format!("{path}/grants"), "kind=addon&name=85&access=rule").await.status, 422);
    let page = world.open(&admin, &path).await.text();
    assert!(page.contains("read and decide") && page.contains("not signed in yet"), "{page}");
    assert_eq!(world.fill_in(&admin, &format!("{path}/grants"), "kind=addon&name=85").await.status, 303);
    let account = world.api("GET", "/accounts/%3Ci%3Egrace", Value::Null).await.json();
    assert_eq!(account["collections"], json!({}));

    let keys = world.fill_in(&admin, &format!("{path}/access-keys"), "").await.text();
    assert!(keys.contains("<code id=\"access\">AS-") && keys.contains("<code id=\"secret\">"), "{keys}");
    assert_eq!(world.fill_in(&admin, &format!("{path}/off"), "").await.status, 303);
    assert!(world.open(&admin, &path).await.text().contains("switched off"));
    let own = world.api("GET", "/accounts/administrator", Value::Null).await.json();
    let own = format!("/accounts/{}/off", own["id"].as_str().expect("an id"));
    let last = world.fill_in(&admin, &own, "").await;
    assert!(last.status == 409 && last.text().contains("last administrator"), "{}", last.text());

    let reader = world.sign_in("reader").await;
    assert_eq!(world.open(&reader, "/accounts").await.status, 403);
    assert!(!world.open(&reader, "/account").await.text().contains("href=\"/accounts\""));
}

#[tokio::test]
async fn a_session_makes_nothing_that_outlives_it_on_its_own_account_without_the_password() {
    let world = World::new().await;
    let browser = world.sign_in("administrator").await;
    let own = world.api("GET", "/account", Value::Null).await.json()["id"].as_str().expect("an id").to_owned();
    let api = [("cookie", browser.cookie.as_str()), ("x-csrf-token", browser.form_key.as_str())];
    for (method, path) in [("POST", "tokens"), ("POST", "keys"), ("POST", "link"), ("DELETE", "second-factor")] {
        let called = world.page(method, &format!("/api/v1/accounts/{own}/{path}"), &api, "").await;
        assert_eq!(called.problem(), "conflict", "{path}");
        assert!(called.text().contains("/account, which asks for the password"), "{}", called.text());
    }
    for path in ["tokens", "access-keys", "link", "two-factor/off"] {
        let filled = world.fill_in(&browser, &format!("/accounts/{own}/{path}"), "name=x").await;
        assert_eq!(filled.status, 409, "{path}");
    }
    assert_eq!(world.fill_in(&browser, "/account/keys", "name=x&key_proof=wrong").await.status, 422);

    // Another's, and with a token: as before.
    let ada = world.api("POST", "/accounts?with=link", json!({"name": "ada", "role": "reader"})).await.json();
    let ada = ada["id"].as_str().expect("an id");
    assert_eq!(world.fill_in(&browser, &format!("/accounts/{ada}/tokens"), "name=x").await.status, 200);
    assert_eq!(world.api("POST", &format!("/accounts/{own}/tokens"), json!({"name": "ci"})).await.status, 201);
    let mine = format!("name=x&key_proof={}", PASSWORD.replace(' ', "+"));
    assert_eq!(world.fill_in(&browser, "/account/keys", &mine).await.status, 200);
}
