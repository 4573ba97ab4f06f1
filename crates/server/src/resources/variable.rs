//! Variables: values that workers are told with every event.

use domain::catalogue::Variable;
use domain::{Random, VariableKey};
use serde::{Deserialize, Serialize};
use store::seal::{SealKey, of};

use super::check_name;
use crate::problem::Problem;

/// A value is at most so large: it travels with every message.
const VALUE_BYTES_MAX: usize = 64 * 1024;

/// A variable as people write it. Without `Debug`: its value may be a secret.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VariableSpec {
    /// The operation about whose evidence it is told; none: about every evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// What names it in its operation, or among those for all.
    pub slug: String,
    /// The name that workers see.
    pub name: String,
    /// Its value.
    #[serde(skip_serializing)]
    pub value: String,
}

/// Makes a variable.
///
/// # Errors
/// When a name cannot be, or the value is too large.
pub fn variable(
    spec: &VariableSpec,
    key: VariableKey,
    seal: &SealKey,
    random: &dyn Random,
) -> Result<Variable, Problem> {
    check_name("name", "a variable's name", &spec.name)?;
    check_name("slug", "a variable's slug", &spec.slug)?;
    if let Some(operation) = &spec.operation {
        check_name("operation", "the slug of a variable's operation", operation)?;
    }
    let found = spec.value.len();
    if found > VALUE_BYTES_MAX {
        return Err(Problem::invalid(format!("expected a value of at most {VALUE_BYTES_MAX} bytes, found {found}")));
    }
    let mut nonce = [0; 24];
    random.fill(&mut nonce);
    let value = seal.seal(&spec.value, &of::variable(spec.operation.as_deref(), &spec.slug), nonce);
    let VariableSpec { operation, slug, name, .. } = spec.clone();
    Ok(Variable { key, operation, slug, name, value, removed: false })
}
