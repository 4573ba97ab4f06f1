//! `import`: what was set up elsewhere.

mod carried;
mod webhook;
mod whck;

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::cli::Common;
use crate::exit::{Done, Exit, Failure};
use crate::output::{self, Form};

/// What can be imported.
#[derive(clap::Subcommand)]
pub enum Import {
    /// Register the event workers of an AShirt server: exit 1 if one could not be carried over.
    ///
    /// A file holds a worker, {"name": .., "config": ..}, a list of them, or a configuration alone, which is named as
    /// its file.
    Ashirt(Ashirt),
    /// Make a source of every secret that `whck` keeps: exit 1 if one could not be carried over.
    Whck(whck::Whck),
    /// Make a source and an inactive rule of every hook of the program `webhook`: exit 1 if something could not be
    /// carried over.
    ///
    /// A rule stays inactive until its program is declared in the configuration file and somebody puts it into force.
    Webhook(webhook::Webhook),
}

/// Workers in files.
#[derive(clap::Args)]
pub struct Ashirt {
    /// A file of JSON, or a directory of them.
    path: PathBuf,
    /// A network that the address check lets through for them: `10.0.0.0/8:8080`; may be given again.
    #[arg(long = "allow-network", value_name = "NETWORK")]
    allow_networks: Vec<String>,
    /// Say what would be registered, and register nothing.
    #[arg(long)]
    dry_run: bool,
}

/// A worker, or why it is none for us.
#[derive(Debug, PartialEq)]
struct Worker {
    name: String,
    service: Result<Value, String>,
}

impl Import {
    /// Does it.
    pub async fn run(self, common: &Common) -> Done {
        match self {
            Import::Ashirt(ashirt) => ashirt.run(common).await,
            Import::Whck(whck) => whck.run(common).await,
            Import::Webhook(webhook) => webhook.run(common).await,
        }
    }
}

impl Ashirt {
    async fn run(self, common: &Common) -> Done {
        let found = files(&self.path)?
            .iter()
            .map(|file| read(file))
            .collect::<Result<Vec<Vec<Worker>>, Failure>>()?
            .into_iter()
            .flatten();
        let client = if self.dry_run { None } else { Some(common.client()?) };
        let (mut made, mut left) = (Vec::new(), Vec::new());
        for Worker { name, mut service } in found {
            if let Ok(service) = &mut service {
                service["allow_networks"] = json!(self.allow_networks);
            }
            let done = match (service, &client) {
                (Err(why), _) => Err(why),
                (Ok(service), None) => Ok(without_values(&service)),
                (Ok(service), Some(client)) => match client.post("/api/v1/services", &service).await {
                    Ok(reply) => Ok(reply.body),
                    Err(failure) if matches!(failure.exit, Exit::Usage | Exit::Conflict) => Err(failure.what),
                    Err(failure) => return Err(failure),
                },
            };
            match done {
                Ok(service) => made.push(service),
                Err(why) => left.push(json!({ "name": name, "why": why })),
            }
        }
        self.tell(common, &made, &left);
        Ok(if left.is_empty() { Exit::Yes } else { Exit::Negative })
    }

    fn tell(&self, common: &Common, made: &[Value], left: &[Value]) {
        if common.form() == Form::Json {
            return output::json(&json!({ "dry_run": self.dry_run, "made": made, "left": left }));
        }
        let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
        let verb = if self.dry_run { "would register" } else { "registered" };
        for service in made {
            output::line(format_args!("{verb} {} at {}", text(service, "name"), text(service, "url")));
        }
        for worker in left {
            output::line(format_args!("left out {}: {}", text(worker, "name"), text(worker, "why")));
        }
        if !self.dry_run && !made.is_empty() {
            output::remark("a worker that writes results later needs a key: `countersign service credentials NAME`");
        }
    }
}

/// What would be registered, the values of its headers left out.
fn without_values(service: &Value) -> Value {
    let mut shown = service.clone();
    if let Some(headers) = shown["headers"].as_object() {
        shown["headers"] = headers.keys().cloned().collect();
    }
    shown
}

/// The file, or the directory's files of JSON by their names.
fn files(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    let unreadable = |why: std::io::Error| Failure::usage(format!("{} cannot be read: {why}", path.display()));
    if !std::fs::metadata(path).map_err(unreadable)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = std::fs::read_dir(path).map_err(unreadable)?;
    let all =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
    let mut files: Vec<PathBuf> =
        all.into_iter().filter(|each| each.extension().is_some_and(|kind| kind == "json")).collect();
    files.sort();
    if files.is_empty() {
        return Err(Failure::usage(format!("expected files named *.json in {}, found none", path.display())));
    }
    Ok(files)
}

/// The workers in a file.
fn read(file: &Path) -> Result<Vec<Worker>, Failure> {
    let text = std::fs::read(file);
    let text = text.map_err(|why| Failure::usage(format!("{} cannot be read: {why}", file.display())))?;
    let json: Value = serde_json::from_slice(&text)
        .map_err(|why| Failure::usage(format!("expected JSON in {}, but {why}", file.display())))?;
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    Ok(match json {
        Value::Array(workers) => {
            let numbered = workers.into_iter().enumerate();
            numbered.map(|(place, worker)| worker_of(worker, &format!("{stem} {}", place + 1), false)).collect()
        }
        worker => vec![worker_of(worker, &stem, true)],
    })
}

/// A worker, with or without a name of its own.
fn worker_of(worker: Value, unnamed: &str, may_be_unnamed: bool) -> Worker {
    let Value::Object(mut members) = worker else {
        return Worker { name: unnamed.to_owned(), service: Err("expected a JSON object".to_owned()) };
    };
    let own = members.get("name").and_then(Value::as_str).map(str::to_owned);
    let name = own.clone().unwrap_or_else(|| unnamed.to_owned());
    let service = if own.is_none() && !may_be_unnamed {
        Err("expected the member \"name\", found none".to_owned())
    } else if members.get("deleted") == Some(&Value::Bool(true)) {
        Err("it was deleted there".to_owned())
    } else {
        let config = members.remove("config").unwrap_or(Value::Object(members));
        configuration(config).and_then(|config| service(&name, &config))
    };
    Worker { name, service }
}

/// A configuration, which may stand there as the text of its JSON.
fn configuration(config: Value) -> Result<Map<String, Value>, String> {
    let config = match config {
        Value::String(text) => serde_json::from_str(&text).map_err(|_| "its configuration is not JSON".to_owned())?,
        config => config,
    };
    match config {
        Value::Object(config) => Ok(config),
        _ => Err("its configuration is not a JSON object".to_owned()),
    }
}

/// The service as the own API takes it.
fn service(name: &str, config: &Map<String, Value>) -> Result<Value, String> {
    match (config.get("type").and_then(Value::as_str), config.get("version").and_then(Value::as_f64)) {
        (Some("web"), Some(1.0)) => {}
        (Some("aws"), _) => {
            let function = config.get("lambdaName").and_then(Value::as_str).unwrap_or("the function");
            return Err(format!(
                "AWS functions are not called by their name: give {function} an address of its own (a function URL) and \
                 register that as a web worker"
            ));
        }
        (kind, version) => {
            let shown = |found: Option<String>| found.unwrap_or_else(|| "none".to_owned());
            let (kind, version) = (shown(kind.map(str::to_owned)), shown(version.map(|found| found.to_string())));
            return Err(format!("expected the type web and the version 1, found {kind} and {version}"));
        }
    }
    let Some(url) = config.get("url").and_then(Value::as_str) else {
        return Err("expected the member \"url\", found none".to_owned());
    };
    let mut service = json!({ "name": name, "profile": "worker", "url": url });
    match config.get("headers") {
        None | Some(Value::Null) => {}
        Some(Value::Object(headers)) if headers.is_empty() => {}
        Some(Value::Object(headers)) if headers.values().all(Value::is_string) => service["headers"] = json!(headers),
        Some(_) => return Err("expected headers to be an object of texts".to_owned()),
    }
    Ok(service)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(worker: Value) -> Worker {
        worker_of(worker, "from-file", true)
    }

    #[test]
    fn a_worker_is_read_with_its_configuration_as_text_as_object_and_alone() {
        let config = json!({ "type": "web", "version": 1, "url": "http://w:8080/", "headers": { "X-Key": "k" } });
        let expected = |name: &str| {
            let headers = json!({ "X-Key": "k" });
            let service = json!({ "name": name, "profile": "worker", "url": "http://w:8080/", "headers": headers });
            Worker { name: name.to_owned(), service: Ok(service) }
        };

        assert_eq!(one(json!({ "name": "Demo", "config": config.to_string() })), expected("Demo"));
        assert_eq!(one(json!({ "id": 1, "name": "Demo", "config": config, "deleted": false })), expected("Demo"));
        assert_eq!(one(config.clone()), expected("from-file"));
        let null = json!({ "type": "web", "version": 1, "url": "u", "headers": null, "more": 1 });
        assert_eq!(one(null).service, Ok(json!({ "name": "from-file", "profile": "worker", "url": "u" })));
        assert_eq!(without_values(&one(config).service.expect("a service"))["headers"], json!(["X-Key"]));
    }

    #[test]
    fn what_cannot_be_carried_over_is_told() {
        let why = |worker: Value| one(worker).service.expect_err("left out");
        let aws = why(json!({ "name": "l", "config": { "type": "aws", "version": 1, "lambdaName": "my-function" } }));
        assert!(aws.contains("my-function") && aws.contains("function URL"), "{aws}");
        assert_eq!(
            why(json!({ "type": "web", "version": 2, "url": "u" })),
            "expected the type web and the version 1, found web and 2"
        );
        assert!(why(json!({ "type": "web", "version": 1 })).contains("url"));
        assert!(why(json!({ "name": "n", "config": "{" })).contains("not JSON"));
        assert!(why(json!({ "name": "n", "config": "[]" })).contains("not a JSON object"));
        assert!(why(json!({ "name": "n", "config": {}, "deleted": true })).contains("deleted"));
        assert!(why(json!({ "type": "web", "version": 1, "url": "u", "headers": { "X": 1 } })).contains("texts"));
        assert!(why(json!("text")).contains("JSON object"));
        let unnamed = worker_of(json!({ "type": "web", "version": 1, "url": "u" }), "list 2", false);
        assert!(unnamed.name == "list 2" && unnamed.service.is_err_and(|why| why.contains("name")));
    }
}
