//! Keeping services to the installation's license: their gates, the log, the audit.
//!
//! What may run is [`domain::licensing`]'s to say. A gate that the license shuts loses nothing: events are recorded, runs
//! wait, deadlines stand still, and all goes on when it opens.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use domain::gate::{Gate, GateState};
use domain::licensing::{Licensing, Report, Standing};
use domain::{ServiceKey, Timestamp};
use store::command::{Answer, Asked, Command};
use store::search;

use crate::problem::Problem;
use crate::server::{Server, Shared};

/// What is in force, and which warnings were logged: what ends, when, and how many days before.
#[derive(Default)]
pub(crate) struct License {
    in_force: RwLock<Arc<Licensing>>,
    warned: Mutex<BTreeSet<(&'static str, Timestamp, u32)>>,
}

impl Shared {
    /// What services are held against.
    pub(crate) fn licensing(&self) -> Arc<Licensing> {
        self.license.in_force.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How everything stands with the license now.
    pub(crate) fn license_report(&self) -> Report {
        self.licensing().report(self.parts.store.catalogue().services.values(), self.now())
    }
}

impl Server {
    /// Holds services against this from now on; their gates turn at the next [`Server::keep_to_license`].
    pub fn set_licensing(&self, licensing: Licensing) {
        *self.license.in_force.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(licensing);
    }

    /// Shuts the gates of services that the license does not let run, opens those that it lets run again, and logs what
    /// ends soon. Answers when something changes next by itself.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn keep_to_license(&self) -> Result<Option<Timestamp>, Problem> {
        let report = self.license_report();
        self.warn(&report);
        let services: Vec<ServiceKey> = report.services.keys().copied().collect();
        let gates = self.parts.store.read(move |rows| {
            let gates = services.iter().map(|service| search::gate(rows, *service));
            gates.collect::<Result<Vec<Gate>, _>>()
        });
        for gate in gates.await? {
            let Some(standing) = report.services.get(&gate.service) else { continue };
            if let Some(to) = standing.turn(gate.state) {
                self.turn_for_license(&gate, to, standing).await?;
            }
        }
        Ok(report.changes())
    }

    async fn turn_for_license(&self, gate: &Gate, to: GateState, standing: &Standing) -> Result<(), Problem> {
        let catalogue = self.parts.store.catalogue();
        let name = catalogue.services.get(&gate.service).map_or("?", |service| service.name.as_str());
        let what = match standing {
            Standing::Refused(refusal) => format!("the license shut the gate of the service {name}: {}", refusal.text),
            Standing::Licensed { .. } | Standing::Free => format!("the license opened the gate of the service {name}"),
        };
        let asked = Some(Asked { who: "license".to_owned(), what });
        let turn = Command::Turn { service: gate.service, from: vec![gate.state], to, asked, now: self.now() };
        if !matches!(self.parts.store.submit(turn).await?, Answer::Done) {
            // Somebody else turned it; the next look sees how it stands then.
            return Ok(());
        }
        match standing {
            Standing::Refused(refusal) => {
                tracing::warn!(service = name, code = refusal.code, why = %refusal.text, "the license shut a gate");
            }
            Standing::Licensed { .. } | Standing::Free => {
                tracing::info!(service = name, until = until(standing), "the license opened a gate");
            }
        }
        Ok(())
    }

    /// Logs each warning once.
    fn warn(&self, report: &Report) {
        let mut warned = self.license.warned.lock().unwrap_or_else(PoisonError::into_inner);
        for warning in &report.warnings {
            if warned.insert((warning.ends.name(), warning.at, warning.days)) {
                tracing::warn!(ends = %warning.at.rfc3339_seconds(), days = warning.days, "{}", warning.text());
            }
        }
    }
}

/// Until when it stays so, for the log.
fn until(standing: &Standing) -> String {
    match standing {
        Standing::Licensed { until: Some(until), .. } => until.rfc3339_seconds(),
        _ => "-".to_owned(),
    }
}
