//! The one table of operations.

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, delete, get, patch, post, put};
use domain::event::{Event, Receipt};
use domain::expectation::Expectation;
use domain::result::ServiceResult;
use domain::rule::{Flag, Hold, Match};
use domain::run::{Attempt, Run};
use domain::subject::{Collection, Subject};
use store::tables::{Artifact, Audit, Batch, Clearance, Quarantine, Restriction};

use domain::rights::Needs;

use super::auth;
use super::lists::{Listed, list, one};
use super::{
    accounts, audit, batches, events, gate, holds, license, members, openapi, probe, quarantine, rehearsal,
    restrictions, rules, runs, secrets, services, sources, subjects, submit, variables,
};
use crate::server::Server;

/// What every operation's path begins with.
pub const PREFIX: &str = "/api/v1";

/// One operation.
pub struct Route {
    /// The method, in small letters as OpenAPI writes it.
    pub method: &'static str,
    /// The path below [`PREFIX`].
    pub path: &'static str,
    /// What it needs.
    pub needs: Needs,
    /// What it does.
    pub summary: &'static str,
    /// The schema of its JSON body, or `bytes`.
    pub body: Option<&'static str>,
    /// Whether its body may be left out.
    pub may_be_empty: bool,
    /// Its query parameters.
    pub query: Vec<&'static str>,
    /// The statuses of its success: the usual one, and another where there is one.
    pub statuses: Vec<u16>,
    /// The schema of what its success answers, or `bytes`; without one it is an object, and nothing with 204.
    pub answer: Option<&'static str>,
    /// Whoever carries it out.
    handler: MethodRouter<Server>,
}

impl Route {
    fn new(
        method: &'static str,
        path: &'static str,
        needs: Needs,
        summary: &'static str,
        handler: MethodRouter<Server>,
    ) -> Self {
        Self {
            method,
            path,
            needs,
            summary,
            body: None,
            may_be_empty: false,
            query: Vec::new(),
            statuses: vec![200],
            answer: None,
            handler,
        }
    }

    fn takes(mut self, schema: &'static str) -> Self {
        self.body = Some(schema);
        self
    }

    fn may_take(self, schema: &'static str) -> Self {
        Self { may_be_empty: true, ..self.takes(schema) }
    }

    fn asks(mut self, query: &[&'static str]) -> Self {
        self.query.extend_from_slice(query);
        self
    }

    fn answers(mut self, schema: &'static str) -> Self {
        self.answer = Some(schema);
        self
    }

    fn gives(mut self, status: u16) -> Self {
        self.statuses = vec![status];
        self
    }

    fn or_gives(mut self, status: u16) -> Self {
        self.statuses.push(status);
        self
    }
}

/// A list of rows and one of them.
fn rows<T: Listed>(path: &'static str, one_path: &'static str, list_summary: &'static str) -> [Route; 2] {
    let many =
        Route::new("get", path, T::NEEDS, list_summary, get(list::<T>)).asks(&["limit", "cursor"]).answers("Page");
    let single = Route::new("get", one_path, T::NEEDS, "Show one of them.", get(one::<T>));
    [many.asks(T::FILTERS), single]
}

/// Every operation.
#[rustfmt::skip]
pub fn routes() -> Vec<Route> {
    use Needs::{Administer, Ask, ChangeSubject, ManageMembers, Oversee, Read, SignIn, Submit};
    let mut all = vec![
        Route::new("post", "/artifacts", Submit, "Upload an artifact.", post(submit::upload)).takes("bytes").asks(&["filename", "retention"]).gives(201),
        Route::new("put", "/collections/{collection}", Submit, "Describe a collection.", put(submit::put_collection)).takes("Collection").or_gives(201),
        Route::new("post", "/subjects", Submit, "Describe a subject and list its artifacts.", post(submit::put_subject)).takes("Subject").gives(201).or_gives(200),
        Route::new("post", "/events", Submit, "Record an event; with wait, answer its verdict.", post(events::create)).takes("Event").asks(&["wait"]).gives(202).or_gives(200),
        Route::new("get", "/events/{id}", Read, "Show an event's whole life.", get(events::one)),
        Route::new("post", "/events/{id}/replay", ChangeSubject, "Ask every subscriber about it again.", post(events::replay)).gives(202),
        Route::new("get", "/subjects/{kind}/{collection}/{subject}/verdict", Read, "The verdict, with its reasons.", get(subjects::show_verdict)).asks(&["wait"]).answers("Verdict").or_gives(202),
        Route::new("post", "/subjects/{kind}/{collection}/{subject}/clearance", ChangeSubject, "Say that a person has dealt with it.", post(subjects::clear)).takes("Because"),
        Route::new("post", "/subjects/{kind}/{collection}/{subject}/runs", Ask, "Ask services about it once more: those that are named, else all that subscribed to what happened to it.", post(runs::start)).may_take("Runs").gives(202),
        Route::new("post", "/runs/again", Administer, "Ask a service once more about what it gave no answer to, the newest first, at most 100.", post(runs::all_again)).takes("Again").gives(202),
        Route::new("post", "/runs/{id}/again", Ask, "Ask a run's service once more about the run's event.", post(runs::again)).gives(202),
        Route::new("post", "/batches", ChangeSubject, "Begin a batch: every chosen subject, every chosen service, each pair once.", post(batches::start)).takes("Batch").gives(201),
        Route::new("post", "/batches/{id}/pause", ChangeSubject, "Make no more runs until it is resumed.", post(batches::pause)),
        Route::new("post", "/batches/{id}/resume", ChangeSubject, "Make runs again.", post(batches::resume)),
        Route::new("post", "/batches/{id}/abort", ChangeSubject, "End it, and cancel its runs that are due.", post(batches::abort)),
        Route::new("post", "/holds", Administer, "Hold a collection, or one track of it.", post(holds::create)).takes("Hold").gives(201),
        Route::new("post", "/holds/{id}/release", ChangeSubject, "Lift a hold.", post(holds::release)).takes("Because"),
        Route::new("post", "/restrictions/{id}/lift", Administer, "Lift a restriction.", post(restrictions::lift)).takes("Because"),
        Route::new("get", "/receipts/{id}/body", Oversee, "The exact bytes of a receipt.", get(events::receipt_body)).answers("bytes"),

        Route::new("get", "/audit/root", Administer, "Show the audit's newest root: what stands for all of its entries.", get(audit::root)).answers("AuditRoot"),
        Route::new("get", "/audit/check", Administer, "Look at the whole audit: whether an entry was removed, changed or moved; and, with a root that was kept elsewhere, whether it was cut off.", get(audit::check)).asks(&["root"]).answers("AuditCheck"),

        Route::new("get", "/sources", Oversee, "List sources.", get(sources::list)).answers("Page"),
        Route::new("post", "/sources", Administer, "Make a source.", post(sources::create)).takes("Source").gives(201),
        Route::new("post", "/sources/test", Administer, "Judge a sample request by a source that need not be there yet; nothing is written.", post(sources::test)).takes("SourceTest").answers("SourceTested"),
        Route::new("get", "/sources/{id}", Oversee, "Show a source, by id or as provider/name.", get(sources::one)),
        Route::new("patch", "/sources/{id}", Administer, "Change a source.", patch(sources::patch)).takes("Source"),
        Route::new("delete", "/sources/{id}", Administer, "Switch a source off and forget its secrets.", delete(sources::delete)).gives(204),
        Route::new("post", "/sources/{id}/secrets", Administer, "Add a secret in front of the others; with keep_old these end after a while.", post(secrets::add)).takes("AddedSecret").gives(201),
        Route::new("delete", "/sources/{id}/secrets/{secret}", Administer, "Remove a secret, by its id.", delete(secrets::remove)).gives(204),

        Route::new("get", "/quarantine/{id}", Oversee, "Show a refused request, and what is wrong with it.", get(quarantine::one)).answers("Refused"),
        Route::new("post", "/quarantine/{id}/retry", Administer, "Try a refused request again with today's secrets.", post(quarantine::retry)),
        Route::new("post", "/quarantine/retry", Administer, "Try again what was sent to a source, the oldest first, at most 100.", post(quarantine::retry_all)).takes("Retry"),

        Route::new("get", "/services", Oversee, "List services.", get(services::list)).answers("Page"),
        Route::new("post", "/services", Administer, "Register a service; its secrets are shown this once.", post(services::create)).takes("Service").gives(201),
        Route::new("get", "/services/{id}", Oversee, "Show a service, by id or name.", get(services::one)),
        Route::new("patch", "/services/{id}", Administer, "Change a service.", patch(services::patch)).takes("Service"),
        Route::new("delete", "/services/{id}", Administer, "Remove a service; its name stays taken.", delete(services::delete)).gives(204),
        Route::new("post", "/services/{id}/restore", Administer, "Call a removed service again; its secrets are new and shown this once.", post(services::restore)),
        Route::new("post", "/services/{id}/test", Administer, "Send a signed test message.", post(probe::test)),
        Route::new("post", "/services/{id}/pause", Administer, "Stop calling a service; its deadlines stand still.", post(services::pause)),
        Route::new("put", "/services/{id}/gate", Administer, "Say whether verdicts wait for a service's answers.", put(gate::turn_service)).takes("Turn"),
        Route::new("get", "/gate", Oversee, "Show what verdicts do not wait for.", get(gate::show)),
        Route::new("put", "/gate", Administer, "Say whether verdicts wait for answers at all.", put(gate::turn)).takes("Turn"),
        Route::new("get", "/license", Oversee, "Show the installation's license, what ends soon, and which services it lets run.", get(license::show)).answers("License"),
        Route::new("post", "/services/{id}/resume", Administer, "Call a service again.", post(services::resume)),
        Route::new("post", "/services/{id}/credentials", Administer, "Issue new credentials, shown this once.", post(services::credentials)),

        Route::new("get", "/rules", Oversee, "List rules.", get(rules::list)).answers("Page"),
        Route::new("post", "/rules", Administer, "Make a rule.", post(rules::create)).takes("Rule").gives(201),
        Route::new("post", "/rules/test", Administer, "List the stored results that a rule would have matched; nothing is written.", post(rehearsal::test)).takes("RuleTest").answers("RuleTested"),
        Route::new("get", "/rules/{id}", Oversee, "Show a rule.", get(rules::one)),
        Route::new("patch", "/rules/{id}", Administer, "Change a rule.", patch(rules::patch)).takes("Rule"),
        Route::new("delete", "/rules/{id}", Administer, "Switch a rule off.", delete(rules::delete)).gives(204),

        Route::new("get", "/accounts", Administer, "List accounts.", get(accounts::list)).answers("Page"),
        Route::new("post", "/accounts", Administer, "Make an account; its token, or with=link a one-time link for a person, is shown this once.", post(accounts::create)).takes("Account").asks(&["with"]).gives(201),
        Route::new("get", "/accounts/{id}", Administer, "Show an account, by id or name.", get(accounts::one)),
        Route::new("patch", "/accounts/{id}", Administer, "Change an account.", patch(accounts::patch)).takes("Account"),
        Route::new("delete", "/accounts/{id}", Administer, "Switch an account off and revoke its tokens.", delete(accounts::delete)).gives(204),
        Route::new("post", "/accounts/{id}/tokens", Administer, "Make another token, shown this once.", post(accounts::add_token)).may_take("Token").gives(201),
        Route::new("post", "/accounts/{id}/keys", Administer, "Make an access key for signed requests; its secret is shown this once.", post(accounts::add_access_key)).gives(201),
        Route::new("delete", "/accounts/{id}/keys/{key}", Administer, "Revoke an access key, by id or name.", delete(accounts::revoke_access_key)).gives(204),
        Route::new("delete", "/accounts/{id}/tokens/{token}", Administer, "Revoke a token or a signing key.", delete(accounts::revoke_token)).gives(204),

        Route::new("post", "/accounts/{id}/link", Administer, "Make a one-time link with which a person chooses a password; it is shown this once.", post(accounts::make_link)).gives(201).answers("Link"),
        Route::new("delete", "/accounts/{id}/second-factor", Administer, "Turn two-factor sign-in off, for a person who lost the authenticator.", delete(accounts::turn_off_second)).gives(204),
        Route::new("get", "/account", SignIn, "Show one's own account.", get(accounts::own)),

        Route::new("get", "/collections/{collection}/members", Read, "List who may do what in a collection, by its id or name.", get(members::list)).answers("Page").asks(&["kind"]),
        Route::new("put", "/collections/{collection}/members/{account}", ManageMembers, "Say what a member may do in a collection.", put(members::put)).takes("Membership").asks(&["kind"]),
        Route::new("delete", "/collections/{collection}/members/{account}", ManageMembers, "Take a member's rights in a collection back.", delete(members::delete)).asks(&["kind"]).gives(204),

        Route::new("get", "/variables", Administer, "List the variables that workers are told; values are never shown.", get(variables::list)).answers("Page"),
        Route::new("post", "/variables", Administer, "Make a variable.", post(variables::create)).takes("Variable").gives(201),
        Route::new("get", "/variables/{id}", Administer, "Show a variable.", get(variables::one)),
        Route::new("patch", "/variables/{id}", Administer, "Change a variable's name or value.", patch(variables::patch)).takes("Variable"),
        Route::new("delete", "/variables/{id}", Administer, "Remove a variable and forget its value.", delete(variables::delete)).gives(204),
    ];
    all.extend(rows::<Receipt>("/receipts", "/receipts/{id}", "List receipts."));
    all.extend(rows::<Run>("/runs", "/runs/{id}", "List runs."));
    all.extend(rows::<Attempt>("/attempts", "/attempts/{id}", "List attempts."));
    all.extend(rows::<ServiceResult>("/results", "/results/{id}", "List results."));
    all.extend(rows::<Match>("/matches", "/matches/{id}", "List what rules found."));
    all.extend(rows::<Flag>("/flags", "/flags/{id}", "List flags; by subject, the open ones."));
    all.extend(rows::<Hold>("/holds", "/holds/{id}", "List holds; by subject or collection, the active ones."));
    all.extend(rows::<Expectation>("/expectations", "/expectations/{id}", "List expectations."));
    all.extend(rows::<Restriction>("/restrictions", "/restrictions/{id}", "List restrictions."));
    all.extend(rows::<Clearance>("/clearances", "/clearances/{id}", "List clearances."));
    all.extend(rows::<Batch>("/batches", "/batches/{id}", "List batches, with their progress."));
    all.extend(rows::<Artifact>("/artifacts", "/artifacts/{id}", "List artifacts."));
    all.extend(rows::<Subject>("/subjects", "/subjects/{id}", "List subjects."));
    let [events, _] = rows::<Event>("/events", "/events/{id}", "List events.");
    let [collections, _] = rows::<Collection>("/collections", "/collections/{id}", "List collections.");
    let [refused, _] = rows::<Quarantine>("/quarantine", "/quarantine/{id}", "List refused requests that were kept.");
    let [changes, _] = rows::<Audit>("/audit", "/audit/{id}", "List administrative changes.");
    all.extend([events, collections, refused, changes]);
    all
}

/// The router of all operations, each behind what it needs.
pub fn router(server: &Server) -> Router<Server> {
    let open = Router::new().route("/openapi.json", get(openapi::show));
    routes().into_iter().fold(open, |router, route| {
        let guard = from_fn_with_state((server.clone(), route.needs), auth::check);
        router.route(&format!("{PREFIX}{}", route.path), route.handler.route_layer(guard))
    })
}
