//! What became of a sample request.

use serde_json::Value;

use crate::cli::Common;
use crate::output::{self, Form};

/// Prints it.
pub fn print(common: &Common, judged: &Value) {
    let text = |name: &str| judged[name].as_str().unwrap_or_default();
    if common.form() == Form::Json {
        // What is printed is one document: that of the source, if it is made.
        if judged["accepted"] != true {
            output::json(judged);
        }
    } else if judged["accepted"] != true {
        output::line(format_args!(
            "the sample is refused, and no source is made: {}: {}",
            text("reason"),
            text("detail")
        ));
        output::line(format_args!("  {}", text("mend")));
    } else if let Some(status) = judged["handshake"].as_u64() {
        output::line(format_args!("the sample is accepted: a handshake, to be answered {status}"));
    } else {
        let events = judged["events"].as_array().map(Vec::as_slice).unwrap_or_default().iter().map(event);
        let events: Vec<String> = events.collect();
        output::line(format_args!("the sample is accepted: {}, proven by {}", events.join(", "), text("scheme")));
    }
}

fn event(event: &Value) -> String {
    let kind = event["type"].as_str().unwrap_or_default();
    match event["delivery"].as_str() {
        Some(delivery) => format!("{kind} (delivery {delivery})"),
        None => kind.to_owned(),
    }
}
