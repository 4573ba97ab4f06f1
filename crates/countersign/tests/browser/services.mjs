// Services as others write them, each on a free port of this machine: what each does is in its name.
import { createHmac, timingSafeEqual } from "node:crypto";
import http from "node:http";

/** The key that the scanners' calls are signed with. */
export const SCANNER_KEY = "the key of all scanners here";

const json = (status, body, headers = {}) => ({ status, body: JSON.stringify(body), headers });
const found = (matchedRules, more = {}) => json(200, { version: "2.4.1", matchedRules, ...more });

/** Whether a call bears our signature (scanner protocol: HMAC-SHA256 of the body's bytes). */
const isSigned = ({ headers, bytes }) => {
  const expected = Buffer.from(`HMAC-SHA256 ${createHmac("sha256", SCANNER_KEY).update(bytes).digest("hex")}`);
  const given = Buffer.from(headers.authorization ?? "");
  return given.length === expected.length && timingSafeEqual(given, expected);
};

/** A scanner that only judges what was signed. */
const scanner = (judge) => (call) => (isSigned(call) ? judge(call) : json(401, { error: "authentication has failed" }));

/** What a file says that a scanner should find in it: lines such as `finds MALICIOUS`. */
const findings = (text) => [...text.matchAll(/finds ([A-Z_]+)/g)].map(([, name]) => name);

const fetched = async (url) => (await fetch(url)).text();

/** Finds in a file, or in an event's data, what the text says that it finds. */
const malwareScan = scanner(async ({ message, bytes }) => {
  const text = message.download_url ? await fetched(message.download_url) : bytes.toString();
  const rules = findings(text);
  const annotation = { message: "the text says so itself", file: "manifest.json", line: 3 };
  return found(rules, { annotations: Object.fromEntries(rules.map((rule) => [rule, [annotation]])) });
});

/** Fails once, is gone three times, and has an answer the fifth time; again so for each run. */
const fifthTime = () => {
  const calls = new Map();
  return scanner(({ headers }) => {
    const nth = (calls.get(headers["webhook-id"]) ?? 0) + 1;
    calls.set(headers["webhook-id"], nth);
    if (nth === 1) return json(500, { error: "the database of signatures is being written anew" });
    return nth < 5 ? json(410, { error: "moved out" }) : found([]);
  });
};

/** Answers a test of the worker protocol as one should, and an event with the rest. */
const worker = (event) => (call) => (call.message.type === "test" ? json(200, { status: "ok" }) : event(call));

/** Answers nobody until it is let go, then everybody. */
const slow = () => {
  let open;
  const opened = new Promise((resolve) => (open = resolve));
  const say = worker(async ({ message }) => {
    await opened;
    return json(200, { action: "processed", content: `seen at last: ${message.contentType}` });
  });
  return [say, open];
};

/** Starts all of them: their ports by name, `letGo` for the slow one, and `stop`. */
export const start = async () => {
  const [slowly, letGo] = slow();
  const ways = {
    "malware-scan": malwareScan,
    "signature-scan": fifthTime(),
    "always-failing": scanner(() => json(500, { error: "out of memory" })),
    "never-answering": () => new Promise(() => {}),
    "secret-search": ({ message }) =>
      json(200, {
        version: "1.9.0",
        matched_rules: findings(JSON.stringify(message.data.body ?? {})),
        annotations: [{ rule: "SECRET_IN_CODE", path: "src/config.js", line: 14, message: "looks like an access key" }],
        coverage: "full",
      }),
    "text-in-pictures": worker(({ message }) =>
      message.contentType === "image"
        ? json(200, { action: "processed", content: "Login\nuser: admin\npassword: ••••••" })
        : json(406, { action: "rejected", content: `expected an image, found ${message.contentType}` }),
    ),
    transcripts: worker(() => ({ status: 202 })),
    "link-checker": worker(() => json(500, { action: "error", content: "no way out of this network" })),
    "slow-worker": slowly,
  };
  const servers = await Promise.all(Object.entries(ways).map(listen));
  return {
    ports: Object.fromEntries(servers.map(({ name, server }) => [name, server.address().port])),
    letGo,
    stop: () =>
      Promise.all(
        servers.map(({ server }) => {
          const closed = new Promise((resolve) => server.close(resolve));
          server.closeAllConnections();
          return closed;
        }),
      ),
  };
};

const listen = ([name, say]) => {
  const serve = async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    const message = JSON.parse(bytes.toString() || "{}");
    const { status, body, headers } = await say({ headers: request.headers, bytes, message });
    response.writeHead(status, body ? { "content-type": "application/json", ...headers } : {}).end(body);
  };
  const failed = (response) => (why) => response.destroy(why);
  const server = http.createServer((request, response) => serve(request, response).catch(failed(response)));
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve({ name, server })));
};
