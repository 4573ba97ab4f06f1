//! What is configured, and who says so. Read-only: the file, the environment and the command line say it.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::answer::page;
use super::chrome::Chrome;
use super::visitor::Visitor;
use crate::server::{Server, SettingShown};

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage {
    chrome: Chrome,
    groups: Vec<Group>,
}

/// The settings of one table of the configuration.
struct Group {
    name: String,
    settings: Vec<SettingShown>,
}

pub async fn show(State(server): State<Server>, visitor: Visitor) -> Response {
    let chrome = Chrome::new(&visitor, "/settings", "Settings");
    page(StatusCode::OK, &SettingsPage { chrome, groups: groups(&server.parts.settings.shown) })
}

/// Those of one table together, in the order in which they stand; what is in none comes first.
fn groups(settings: &[SettingShown]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut in_order: Vec<&SettingShown> = settings.iter().collect();
    in_order.sort_by_key(|setting| setting.key.contains('.'));
    for setting in in_order {
        let (name, key) = setting.key.split_once('.').unwrap_or(("", &setting.key));
        let shown = SettingShown { key: key.to_owned(), ..setting.clone() };
        match groups.iter_mut().find(|group| group.name == name) {
            Some(group) => group.settings.push(shown),
            None => groups.push(Group { name: name.to_owned(), settings: vec![shown] }),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_stand_under_their_table() {
        let setting =
            |key: &str| SettingShown { key: key.to_owned(), value: "1".to_owned(), from: "default".to_owned() };
        let groups =
            groups(&[setting("server.listen"), setting("data_dir"), setting("source[0].id"), setting("server.a.b")]);
        let told: Vec<_> = groups.iter().map(|group| (group.name.as_str(), group.settings.len())).collect();
        assert_eq!(told, [("", 1), ("server", 2), ("source[0]", 1)]);
        assert_eq!(groups[1].settings[1].key, "a.b");
    }
}
