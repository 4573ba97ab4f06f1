//! Who may do what: the one table of it, for pages and own API alike.
//!
//! A role decides, and for members what they were granted in the collection that a thing belongs to. What belongs to
//! none is no member's. Between what is not there and what they may not see no difference is told.

use crate::catalogue::{Access, Account, Place, Role};

/// What a request needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Needs {
    /// To be signed in: one's own profile.
    SignIn,
    /// To read what belongs to a collection.
    Read,
    /// To read what belongs to none: sources, services, rules, receipts, what was refused.
    Oversee,
    /// To submit subjects, events and artifacts.
    Submit,
    /// To have services asked again about a subject.
    Ask,
    /// To decide about a subject: release a hold, clear it, replay what happened to it.
    ChangeSubject,
    /// To say who is a member of a collection.
    ManageMembers,
    /// To change anything, and to see secrets' names and the audit.
    Administer,
}

impl Needs {
    /// Everything that may be needed.
    pub const ALL: &'static [Needs] = &[
        Needs::SignIn,
        Needs::Read,
        Needs::Oversee,
        Needs::Submit,
        Needs::Ask,
        Needs::ChangeSubject,
        Needs::ManageMembers,
        Needs::Administer,
    ];

    /// What a member must have been granted in the collection; none: no member may.
    const fn of_member(self) -> Option<Access> {
        match self {
            Needs::Read => Some(Access::Read),
            Needs::Ask | Needs::ChangeSubject => Some(Access::Write),
            Needs::ManageMembers => Some(Access::Admin),
            Needs::SignIn | Needs::Oversee | Needs::Submit | Needs::Administer => None,
        }
    }
}

/// Whether an account may do this with what belongs to the collection, or to none.
#[must_use]
pub fn may(account: &Account, needs: Needs, place: Option<Place<'_>>) -> bool {
    let granted = || {
        let least = needs.of_member()?;
        Some(account.access_to(place?)? >= least)
    };
    decide(account, needs, || granted().unwrap_or(false))
}

/// Whether there may be anything with which an account may do this: what is asked before its target is known.
#[must_use]
pub fn may_somewhere(account: &Account, needs: Needs) -> bool {
    let elsewhere = account.collections.values().flat_map(|by_name| by_name.values());
    let granted = account.operations.all.iter().chain(account.operations.granted.values()).chain(elsewhere).max();
    // Whoever is a member of nothing yet sees empty lists, no refusals.
    let reads = needs == Needs::Read;
    decide(account, needs, || reads || needs.of_member().is_some_and(|least| granted >= Some(&least)))
}

/// Whether an account sees everything that anybody without secrets sees.
#[must_use]
pub fn sees_all(account: &Account) -> bool {
    may(account, Needs::Oversee, None)
}

fn decide(account: &Account, needs: Needs, as_member: impl FnOnce() -> bool) -> bool {
    if !account.active {
        return false;
    }
    match (account.role, needs) {
        (Role::Service, _) => false,
        (Role::Administrator, _)
        | (_, Needs::SignIn)
        | (Role::Submitter, Needs::Submit | Needs::Ask | Needs::Read | Needs::Oversee)
        | (Role::Reader, Needs::Read | Needs::Oversee) => true,
        (Role::Submitter | Role::Reader, _) => false,
        (Role::Member, _) => as_member(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AccountKey;
    use crate::catalogue::Operations;
    use crate::person::SignIn;

    fn account(role: Role) -> Account {
        Account {
            key: AccountKey(1),
            number: 1,
            name: "ada".to_owned(),
            role,
            permissions: Vec::new(),
            credentials: Vec::new(),
            jwt: Vec::new(),
            access: Vec::new(),
            operations: Operations { all: None, granted: [("red".to_owned(), Access::Read)].into() },
            collections: [("addon".to_owned(), [("85".to_owned(), Access::Write)].into())].into(),
            sign_in: SignIn::default(),
            active: true,
        }
    }

    const RED: Option<Place<'_>> = Some(Place { kind: "operation", name: "red" });
    const ADDON: Option<Place<'_>> = Some(Place { kind: "addon", name: "85" });

    fn allowed(account: &Account, place: Option<Place<'_>>) -> Vec<Needs> {
        Needs::ALL.iter().copied().filter(|needs| may(account, *needs, place)).collect()
    }

    #[test]
    fn a_role_says_what_may_be_done() {
        use Needs::{Ask, Oversee, Read, SignIn, Submit};
        assert_eq!(allowed(&account(Role::Administrator), None), Needs::ALL);
        assert_eq!(allowed(&account(Role::Submitter), ADDON), [SignIn, Read, Oversee, Submit, Ask]);
        assert_eq!(allowed(&account(Role::Reader), ADDON), [SignIn, Read, Oversee]);
        assert_eq!(allowed(&account(Role::Service), RED), []);
        assert_eq!(allowed(&Account { active: false, ..account(Role::Administrator) }, None), []);
    }

    #[test]
    fn a_member_may_do_what_was_granted_in_that_collection() {
        use Needs::{Ask, ChangeSubject, ManageMembers, Read, SignIn};
        let mut member = account(Role::Member);
        assert_eq!(allowed(&member, RED), [SignIn, Read]);
        assert_eq!(allowed(&member, ADDON), [SignIn, Read, Ask, ChangeSubject]);
        assert_eq!(allowed(&member, Some(Place { kind: "repository", name: "85" })), [SignIn]);
        assert_eq!(allowed(&member, None), [SignIn]);
        assert!(may_somewhere(&member, ChangeSubject) && !may_somewhere(&member, ManageMembers));
        assert!(!may_somewhere(&member, Needs::Administer) && !sees_all(&member));

        member.operations.all = Some(Access::Admin);
        assert_eq!(allowed(&member, RED), [SignIn, Read, Ask, ChangeSubject, ManageMembers]);
        member.operations = Operations::default();
        member.collections.clear();
        assert!(may_somewhere(&member, Read) && !may_somewhere(&member, ChangeSubject));
    }
}
