// A gateway with something in it, seeded through the public API alone: honest events of every fate, and hostile ones.
import { createHmac } from "node:crypto";
import client from "../npm/worker-client.js";
import * as files from "./files.mjs";
import * as gateways from "./gateway.mjs";
import * as services from "./services.mjs";

export const OPERATION = "shop-2026";
const { until } = gateways;
const SECRET = "a secret that both sides know";
const STRIPE_SECRET = "whsec_a_text_that_is_the_key";

/** A gateway in which nothing has happened yet. */
export const empty = (config = "") => gateways.start(config);

/** A gateway in which everything has happened. */
export const full = async () => {
  const folder = await gateways.folder();
  const called = await services.start();
  // The services go first: a gateway that ends waits for the calls that are under way.
  const stop = async (gateway) => {
    await called.stop();
    await gateway?.stop();
  };
  let gateway;
  try {
    gateway = await gateways.start(await configuration(folder, called.ports), folder);
    const seeded = await seed(gateway, called);
    const slowWorker = () => register(gateway, "slow-worker", called.ports);
    return { ...gateway, ...seeded, services: called, slowWorker, stop: () => stop(gateway) };
  } catch (why) {
    await stop(gateway);
    throw why;
  }
};

/** What stands in the file: a license, sources with several secrets, and one service that the license does not cover. */
const configuration = async (folder, ports) => {
  await folder.run("license", "keygen", "--kid", "vendor", "--out", "vendor.jwk");
  const issue = (...words) => folder.run("license", "issue", "--key", "vendor.jwk", ...words);
  await folder.write("license.jwt", await issue("--kind", "user", "--aud", "ACME", "--category", "M", "--days", "20"));
  await folder.write("malware-scan.jwt", await issue("--kind", "plugin", "--aud", "malware-scan", "--category", "M,L"));
  await folder.write("deep-scan.jwt", await issue("--kind", "plugin", "--aud", "deep-scan", "--category", "XL"));
  const soon = new Date(Date.now() + 3 * 24 * 3600 * 1000).toISOString();
  return `
[license]
token_file = "license.jwt"
key_file = "vendor.public.jwk"
[[source]]
id = "website"
provider = "github"
secrets = [{ id = "2026", secret = "${SECRET}" }, { id = "2025", secret = "an old secret", not_after = "${soon}" }]
[[source]]
id = "shop"
provider = "stripe"
secrets = ["${STRIPE_SECRET}"]
[[service]]
name = "malware-scan"
profile = "scanner"
url = "http://127.0.0.1:${ports["malware-scan"]}/"
secret = "${services.SCANNER_KEY}"
events = ["during_validation"]
plugin_token = { file = "malware-scan.jwt" }
allow_networks = ["127.0.0.1/32:${ports["malware-scan"]}"]
[[service]]
name = "deep-scan"
profile = "scanner"
url = "http://127.0.0.1:${ports["malware-scan"]}/"
secret = "${services.SCANNER_KEY}"
events = [{ type = "github.push", blocks = false }]
plugin_token = { file = "deep-scan.jwt" }
allow_networks = ["127.0.0.1/32:${ports["malware-scan"]}"]
`;
};

/** What is found, and what follows. */
const RULES = [
  { name: "MALICIOUS", action: { hold: "24h" } },
  { name: "OBFUSCATED", action: "flag" },
  { name: "REMOTE_CODE", action: { hold: "forever" } },
  { name: "KNOWN_MALWARE", action: "block" },
  { name: "STOLEN_ACCOUNT", action: { restrict: "submission" } },
  { name: "SECRET_IN_CODE", service: "secret-search", action: { hold: "12h" } },
  { name: "NEW_HEURISTIC", action: { hold: "forever" }, shadow: true },
  { name: "UNUSED_FOR_NOW", action: "notify", active: false },
];

const seed = async (gateway, called) => {
  const { api } = gateway;
  const keys = await registerAll(gateway, called.ports);
  for (const rule of RULES) await api("POST", "/rules", rule);
  await api("POST", "/accounts", { name: "build-server", role: "submitter" });
  await api("POST", "/accounts", { name: "auditor", role: "reader" });

  const refused = await refusals(gateway);
  const pushes = await receive(gateway);
  const evidence = await collect(gateway, keys.collector);
  const tries = await tryFiveTimes(gateway);
  const versions = await submit(gateway);
  const batches = await work(gateway);
  return { refused, pushes, versions, tries, evidence, batches, keys };
};

const scanner = (name, event, more = {}) => ({ name, profile: "scanner", secret: services.SCANNER_KEY, events: [event], ...more });

/** Registers the services that are not in the file, and an account that collects evidence: its key. */
const registerAll = async (gateway, ports) => {
  const { api } = gateway;
  const specs = [
    scanner("signature-scan", "on_source_code_uploaded"),
    scanner("always-failing", "on_version_entered_review_queue"),
    scanner("never-answering", { type: "on_version_created", deadline: "26h" }),
    { name: "secret-search", profile: "standard", events: ["github.push"], concurrency: 4 },
  ];
  for (const spec of specs) await api("POST", "/services", { ...spec, ...at(ports[spec.name], "url") });
  for (const name of ["text-in-pictures", "transcripts", "link-checker"]) await register(gateway, name, ports);
  await api("POST", "/accounts", { name: "collector", role: "service", all_operations: "write" });
  const key = await api("POST", "/accounts/collector/keys", {});
  return { collector: { accessKey: key.access_key, secretKey: key.secret_key } };
};

/** Registers a worker. */
const register = ({ api }, name, ports) => api("POST", "/services", { name, ...at(ports[name], "config") });

/** An address on this machine, and the leave to call it. */
const at = (port, form) => {
  const url = `http://127.0.0.1:${port}/`;
  const place = form === "config" ? { config: { type: "web", version: 1, url, headers: { "X-Api-Key": "k" } } } : { url };
  return { ...place, allow_networks: [`127.0.0.1/32:${port}`] };
};

const sha256 = (secret, text) => createHmac("sha256", secret).update(text).digest("hex");

/** Sends a request as a sender of webhooks would; the status of its answer. */
const send = async (gateway, path, headers, body) => {
  const sent = { method: "POST", headers: { "content-type": "application/json", ...headers }, body };
  return (await fetch(`${gateway.public}/api/webhooks/incoming/${path}`, sent)).status;
};

/** Sends a push to the source `github/website`; `headers` outdo what a genuine one has. */
export const push = (gateway, nth, more = {}, headers = {}) => {
  const commit = createHmac("sha1", "commit").update(String(nth)).digest("hex");
  const body = JSON.stringify({
    ref: "refs/heads/main",
    before: "0".repeat(40),
    after: commit,
    repository: { id: 85, full_name: "acme/website", html_url: "https://github.com/acme/website" },
    pusher: { name: "octavia", email: "octavia@example.test" },
    head_commit: { id: commit, message: `Change number ${nth}`, author: { name: "Octavia" } },
    ...more,
  });
  const genuine = {
    "x-github-event": "push",
    "x-github-delivery": `72d3162e-cc78-11e3-81ab-${String(nth).padStart(12, "0")}`,
    "x-hub-signature-256": `sha256=${sha256(SECRET, body)}`,
  };
  return send(gateway, "github/website", { ...genuine, ...headers }, body);
};

const stripe = (gateway, text, seconds = Math.floor(Date.now() / 1000), secret = STRIPE_SECRET) =>
  send(gateway, "stripe/shop", { "stripe-signature": `t=${seconds},v1=${sha256(secret, `${seconds}.${text}`)}` }, text);

/** Requests that are refused, each for a reason of its own: their rows. */
const refusals = async (gateway) => {
  const paid = JSON.stringify({ id: "evt_1", type: "charge.succeeded" });
  const hour = Math.floor(Date.now() / 1000) - 3600;
  await push(gateway, 900, {}, { "x-hub-signature-256": `sha256=${"0".repeat(64)}` });
  await push(gateway, 901, {}, { "x-hub-signature-256": "sha256=not-hex" });
  await send(gateway, "github/website", { "x-github-event": "push" }, "{}");
  await stripe(gateway, paid, hour);
  await stripe(gateway, paid, undefined, "another secret");
  await send(gateway, "github/elsewhere", { "x-github-event": "push" }, "{}");
  await send(gateway, `github/website?a=${encodeURIComponent(files.MARKUP)}`, { "x-github-event": files.MARKUP.replaceAll("\n", "") }, files.MARKUP);
  return (await gateway.api("GET", "/quarantine")).data;
};

/** Genuine webhooks, some repeated, one with a secret in it, one full of markup: the events. */
const receive = async (gateway) => {
  await stripe(gateway, JSON.stringify({ id: "evt_2", type: "charge.succeeded" }));
  for (let nth = 1; nth <= 60; nth += 1) await push(gateway, nth);
  await push(gateway, 60);
  await push(gateway, 61, { added: "finds SECRET_IN_CODE" });
  const repository = { id: 86, full_name: files.MARKUP };
  await push(gateway, 62, { repository, after: files.MARKUP, head_commit: { message: files.MARKUP } });
  const pushes = (await gateway.api("GET", "/events?limit=100")).data;
  await answered(gateway, pushes.slice(0, 5), "secret-search");
  return pushes;
};

/** Waits until a service has been heard about these events. */
const answered = async ({ api }, events, service) => {
  for (const { id } of events) {
    await until(`${service} about ${id}`, async () => {
      const { expectations } = await api("GET", `/events/${id}`);
      const owed = expectations.find((each) => each.service === service);
      return !owed || owed.runs.some((run) => run.tries.length > 0);
    });
  }
};

/** Versions of an add-on, one of each fate: what each is, by the fate's name. */
const submit = async ({ api }) => {
  const name = { "en-US": "Tab Tidy" };
  await api("PUT", "/collections/85", { attributes: { name, slug: "tab-tidy", users: 48_000 }, tags: ["tabs", "tidy"] });
  const fates = {
    clear: "finds nothing",
    flagged: "finds OBFUSCATED",
    held: "finds MALICIOUS",
    "held for ever": "finds REMOTE_CODE",
    blocked: "finds KNOWN_MALWARE",
    restricted: "finds STOLEN_ACCOUNT",
    "on trial": "finds NEW_HEURISTIC",
  };
  const versions = {};
  for (const [nth, [fate, text]] of Object.entries(fates).entries()) {
    const version = `4${nth}`;
    versions[fate] = { kind: "version", collection: "85", subject: version };
    const bytes = Buffer.from(`a file that ${text}`);
    const artifact = await api("POST", `/artifacts?filename=tab-tidy-1.${nth}.xpi`, { type: "application/zip", bytes });
    const actors = [{ kind: "user", value: `user-${nth}` }, { kind: "email", value: `dev-${nth}@example.test` }];
    const attributes = { version: `1.${nth}`, channel: "listed" };
    await api("POST", "/subjects", { ...versions[fate], attributes, actors, artifacts: [artifact.id], track: "listed" });
    const event = { type: "during_validation", subject: versions[fate], artifact: artifact.id };
    await api("POST", "/events?wait=30s", event, 200);
  }
  versions.waiting = { kind: "version", collection: "85", subject: "60" };
  await api("POST", "/events", { type: "on_version_created", subject: versions.waiting });
  versions.failing = { kind: "version", collection: "85", subject: "61" };
  const failing = await api("POST", "/events", { type: "on_version_entered_review_queue", subject: versions.failing });
  await answered({ api }, [failing], "always-failing");
  await api("POST", "/holds", { collection: "85", track: "unlisted", reason: "the author asked for a pause" });
  return versions;
};

/** An event whose one run had its answer at the fifth attempt: a person opened the gate after each that said "gone". */
const tryFiveTimes = async ({ api }) => {
  const subject = { kind: "version", collection: "85", subject: "62" };
  const event = await api("POST", "/events", { type: "on_source_code_uploaded", subject });
  await until("the fifth attempt", async () => {
    const { gate } = await api("GET", "/services/signature-scan");
    if (gate.state === "gone") await api("POST", "/services/signature-scan/resume");
    const { expectations } = await api("GET", `/events/${event.id}`);
    return expectations[0].runs[0].tries.length === 5;
  });
  return event;
};

/** Evidence of each kind and the hostile ones, over the signed API: their ids by their notes' first words. */
const collect = async (gateway, key) => {
  const call = client.caller(gateway.public, key);
  const sent = async (path, more) => {
    const { status, bytes } = await call("POST", path, more);
    if (status !== 201) throw new Error(`${path}: ${status} ${bytes}`);
    return JSON.parse(bytes);
  };
  await sent("/api/operations", client.json({ slug: OPERATION, name: "Shop, autumn 2026" }));
  const tag = await sent(`/api/operations/${OPERATION}/tags`, client.json({ name: "to report", colorName: "vermilion" }));
  const evidence = await listArtifacts(gateway);
  for (const { notes, contentType, file } of [...files.hostile(), ...files.honest()]) {
    const parts = [["notes", notes], ["contentType", contentType], ["tagIds", JSON.stringify([tag.id])]];
    const { uuid } = await sent(`/api/operations/${OPERATION}/evidence`, client.form(file ? [...parts, ["file", file]] : parts));
    evidence.push({ uuid, notes, contentType });
  }
  return evidence;
};

/** Evidence with the hostile files that only the own API takes, and a subject whose very name means harm. */
const listArtifacts = async ({ api }) => {
  const evidence = [];
  for (const [nth, { name, type, bytes }] of files.hostileArtifacts().entries()) {
    const { id } = await api("POST", `/artifacts?filename=${encodeURIComponent(name)}`, { type, bytes });
    const subject = { kind: "evidence", collection: OPERATION, subject: `by-api-${nth}` };
    await api("POST", "/subjects", { ...subject, attributes: { description: name }, artifacts: [{ id, role: "media" }] });
    evidence.push({ uuid: subject.subject, notes: name, contentType: "image" });
  }
  const harm = files.MARKUP.slice(0, 200);
  await api("POST", "/subjects", { kind: "version", collection: harm, subject: harm });
  return evidence;
};

/** One batch that has ended, and one that is under way until the slow worker is let go. */
const work = async ({ api }) => {
  const ended = await api("POST", "/batches", { collection: OPERATION, services: ["text-in-pictures"], text: "Pictures once more" });
  await until("the batch", async () => (await api("GET", `/batches/${ended.id}`)).state === "completed");
  return { ended };
};
