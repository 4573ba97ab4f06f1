//! A scanner: it looks at what Countersign sends and says which rules match.

use scanner_kit::{Answer, Call, Failure, Findings};

/// Looks at one call. An `Err` is answered 500, and the gateway tries again later.
pub async fn scan(call: Call) -> Result<Findings, Failure> {
    let findings = Answer::version("1.0.0");
    if call.json().to_string().contains("EICAR") {
        return Ok(findings.annotated("MALICIOUS", "it names the test virus", None));
    }
    Ok(findings)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let key = std::env::var("SCANNER_KEY").map_err(|_| "expected the service's key in SCANNER_KEY")?;
    let listen = std::env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:20000".to_owned());
    println!("listening on {listen}");
    Ok(scanner_kit::serve(listen, key, scan).await?)
}
