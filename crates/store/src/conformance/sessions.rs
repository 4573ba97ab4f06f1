//! People who are signed in.

use std::collections::BTreeMap;

use domain::catalogue::{Account, Operations, Role};
use domain::person::{SESSION_IDLE, SESSIONS_MAX, Session, SignIn};
use domain::{AccountKey, CredentialKey, SessionKey};

use super::world::{HOUR, Open, SECOND, World};
use crate::change::Listed as _;
use crate::command::{Answer, Change, Command, EndSessions, Which};
use crate::search;
use crate::tables::{Audit, CredentialUse, LastLogin, SpentCode};

const ADA: AccountKey = AccountKey(7);
const BOB: AccountKey = AccountKey(8);

/// Adds the account, or begins this era of it.
fn account(world: &World, key: AccountKey, era: i64) {
    let sign_in = SignIn { era, ..SignIn::default() };
    let account = Account {
        key,
        number: key.0,
        name: format!("account-{}", key.0),
        role: Role::Reader,
        permissions: Vec::new(),
        credentials: Vec::new(),
        jwt: Vec::new(),
        access: Vec::new(),
        operations: Operations::default(),
        collections: BTreeMap::new(),
        active: true,
        sign_in,
    };
    let (who, what, catalogue) = ("test".to_owned(), "set up".to_owned(), world.store().catalogue().version);
    let change = Change { catalogue, entries: vec![account.entry()], who, what, now: world.now };
    assert!(matches!(world.submit(change), Answer::Version(_)));
}

fn begin(world: &World, account: AccountKey, token: u8, era: i64) -> Answer {
    let session = Session {
        key: SessionKey(0),
        account,
        era,
        token: [token; 32],
        begun: world.now,
        seen: world.now,
        address: Some("192.0.2.7".to_owned()),
        agent: "Firefox on Linux".to_owned(),
    };
    world.submit(Command::BeginSession(Box::new(session)))
}

fn sign_in(world: &World, account: AccountKey, token: u8, era: i64) -> Session {
    assert!(matches!(begin(world, account, token, era), Answer::Done));
    found(world, token).expect("a session")
}

fn found(world: &World, token: u8) -> Option<Session> {
    world.read(move |rows| search::session(rows, &[token; 32]))
}

fn open_tokens(world: &World, account: AccountKey) -> Vec<u8> {
    let mut tokens: Vec<u8> =
        world.read(move |rows| search::sessions(rows, account)).iter().map(|each| each.token[0]).collect();
    tokens.sort_unstable();
    tokens
}

fn end(world: &World, account: AccountKey, which: Which) -> Answer {
    let (who, what) = ("ada".to_owned(), "ended sessions".to_owned());
    world.submit(EndSessions { account, which, who, what, now: world.now })
}

pub fn a_session_is_found_by_its_token_also_after_a_restart(open: &Open<'_>) {
    let mut world = World::new(open);
    account(&world, ADA, 0);
    let session = sign_in(&world, ADA, 1, 0);
    assert_ne!(session.key, SessionKey(0), "the store gives it a key");
    world.crash();
    assert_eq!(found(&world, 1).as_ref(), Some(&session));
    assert_eq!(found(&world, 2), None);

    world.pass(HOUR);
    let see = Command::SeeSession { session: session.key, at: world.now };
    assert!(matches!(world.submit(see), Answer::Done));
    assert_eq!(found(&world, 1), Some(Session { seen: world.now, ..session }));
}

pub fn sessions_end_one_by_one_or_all_but_one(open: &Open<'_>) {
    let world = World::new(open);
    account(&world, ADA, 0);
    account(&world, BOB, 0);
    let sessions = [1, 2, 3].map(|token| sign_in(&world, ADA, token, 0));
    let bobs = sign_in(&world, BOB, 9, 0);

    assert!(matches!(end(&world, ADA, Which::One(sessions[0].key)), Answer::Done));
    assert_eq!(open_tokens(&world, ADA), [2, 3]);
    assert!(matches!(end(&world, ADA, Which::Others(sessions[1].key)), Answer::Done));
    assert_eq!(open_tokens(&world, ADA), [2]);

    let before = world.everything();
    let audited = world.count::<Audit>();
    assert!(matches!(end(&world, ADA, Which::One(bobs.key)), Answer::NotFound), "it is another's");
    assert!(matches!(end(&world, ADA, Which::Others(sessions[1].key)), Answer::NotFound));
    assert_eq!(world.everything(), before);
    assert_eq!(world.count::<Audit>(), audited);
    assert_eq!(audited, 2 + 4 + 2, "two accounts, four sign-ins and two ends");
    let see = Command::SeeSession { session: sessions[0].key, at: world.now };
    assert!(matches!(world.submit(see), Answer::NotFound));
}

pub fn a_new_session_takes_the_place_of_what_no_longer_counts(open: &Open<'_>) {
    let mut world = World::new(open);
    account(&world, ADA, 0);
    account(&world, BOB, 0);
    sign_in(&world, ADA, 100, 0);
    sign_in(&world, BOB, 101, 0);
    account(&world, ADA, 1);
    sign_in(&world, ADA, 102, 1);
    assert_eq!(open_tokens(&world, ADA), [102], "a new era ended the other");

    world.pass(SESSION_IDLE);
    for token in 0..=u8::try_from(SESSIONS_MAX).expect("few") {
        world.pass(SECOND);
        sign_in(&world, ADA, token, 1);
    }
    let kept: Vec<u8> = (1..=u8::try_from(SESSIONS_MAX).expect("few")).collect();
    assert_eq!(open_tokens(&world, ADA), kept, "102 was idle for too long, and 0 is one too many");
    assert_eq!(open_tokens(&world, BOB), [101]);
}

pub fn a_sign_in_that_was_overtaken_begins_nothing(open: &Open<'_>) {
    let world = World::new(open);
    account(&world, ADA, 1);
    sign_in(&world, ADA, 1, 1);
    let before = world.everything();
    assert!(matches!(begin(&world, ADA, 2, 0), Answer::Moved), "of the era before");
    assert!(matches!(begin(&world, BOB, 3, 0), Answer::Moved), "of no account");
    assert_eq!(world.everything(), before);
}

pub fn a_code_is_used_up_with_all_before_it(open: &Open<'_>) {
    let world = World::new(open);
    let spend = |account, step| world.submit(Command::SpendCode(SpentCode { account, step }));
    assert!(matches!(spend(ADA, 50), Answer::Done));
    assert!(matches!((spend(ADA, 50), spend(ADA, 49)), (Answer::Moved, Answer::Moved)));
    assert!(matches!((spend(BOB, 49), spend(ADA, 51)), (Answer::Done, Answer::Done)));
}

pub fn the_use_of_an_account_and_of_its_key_is_noted(open: &Open<'_>) {
    let mut world = World::new(open);
    let noted = |world: &World, key| {
        let login = LastLogin { account: ADA, at: world.now };
        assert!(matches!(world.submit(Command::LoggedIn(login, key)), Answer::Done));
    };
    noted(&world, Some(CredentialKey(70)));
    let used = CredentialUse { credential: CredentialKey(70), at: world.now };
    world.pass(HOUR);
    noted(&world, None);
    assert_eq!(world.only::<CredentialUse>(), used);
    assert_eq!(world.only::<LastLogin>(), LastLogin { account: ADA, at: world.now });
}
