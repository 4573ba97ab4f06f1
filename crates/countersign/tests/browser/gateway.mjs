// A gateway of its own for whoever asks: a temporary folder, free ports of this machine, stopped by its process id.
//
// The program is $COUNTERSIGN, else what cargo built last in this checkout; nothing is built here.
import { execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { openSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const LISTENERS = '[server]\nlisten = "127.0.0.1:0"\nadmin_listen = "127.0.0.1:0"\n';

/** The program: the newest of what cargo built, unless $COUNTERSIGN names one. */
const program = async () => {
  if (process.env.COUNTERSIGN) return process.env.COUNTERSIGN;
  const root = fileURLToPath(new URL("../../../../", import.meta.url));
  const paths = ["debug", "release"].map((profile) => join(root, "target", profile, "countersign"));
  const built = await Promise.all(paths.map((path) => stat(path).then(({ mtimeMs }) => [mtimeMs, path], () => [0, ""])));
  const [, newest] = built.sort(([a], [b]) => b - a)[0];
  if (!newest) throw new Error("expected a built program, found none: cargo build -p countersign, or set COUNTERSIGN");
  return newest;
};

const run = async (binary, words, options) => (await promisify(execFile)(binary, words, options)).stdout.trim();

/** A folder for one gateway, and the commands that are run in it. */
export const folder = async () => {
  const path = await mkdtemp(join(tmpdir(), "countersign-browser-"));
  const binary = await program();
  // Nothing that the caller's environment says reaches it.
  const options = { cwd: path, env: { HOME: path, PATH: process.env.PATH ?? "" } };
  return {
    path,
    write: (name, text) => writeFile(join(path, name), text, { mode: 0o600 }),
    /** Runs a command to its end, and answers what it printed. */
    run: (...words) => run(binary, words, options),
    /** The same, for a command that calls the gateway at this address. */
    runAt: (url, ...words) => {
      const env = { ...options.env, COUNTERSIGN_SERVER__ADMIN_LISTEN: new URL(url).host };
      return run(binary, words, { ...options, env });
    },
    spawn: (...words) => {
      const log = openSync(join(path, "log"), "a");
      return spawn(binary, words, { ...options, stdio: ["ignore", "pipe", log] });
    },
    remove: () => rm(path, { recursive: true, force: true, maxRetries: 5 }),
  };
};

/** Reads what a program prints until `read` finds something in a line. */
const told = (child, read) =>
  new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`the gateway ended early, with ${code}`)));
    createInterface({ input: child.stdout }).on("line", (line) => {
      const found = read(line);
      if (found) resolve(found);
    });
  });

/** Starts a gateway whose configuration ends with these lines, in a folder that is there or a new one. */
export const start = async (config = "", place = undefined) => {
  const own = place ?? (await folder());
  await own.write("countersign.toml", `data_dir = "data"\n${LISTENERS}${config}`);
  // `up` serves as `serve` does, and prints the link that signs in once.
  const child = own.spawn("up");
  const said = {};
  const link = await told(child, (line) => {
    const [, what, url] = /^(.+?)\s+(http:\S+)$/.exec(line) ?? [];
    if (what) said[what] = url;
    return said["sign in once with"];
  }).catch(async (why) => {
    const log = await readFile(join(own.path, "log"), "utf8");
    await own.remove();
    throw new Error(`${why.message}: ${log}`);
  });
  const url = said["administration is at"];
  const token = (await readFile(join(own.path, "data", "admin-token"), "utf8")).trim();
  return {
    /** Where the page is. */
    url,
    /** Where senders and services call. */
    public: said["webhooks arrive at"],
    /** The link that signs in once. */
    link,
    /** The administrator's token. */
    token,
    /** Runs a command that calls this gateway, and answers what it printed. */
    command: (...words) => own.runAt(url, ...words),
    api: (method, path, body, expected) => api({ url, token }, method, path, body, expected),
    log: () => readFile(join(own.path, "log"), "utf8"),
    stop: async () => {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      if (child.exitCode === null && child.kill("SIGTERM")) await ended;
      await own.remove();
    },
  };
};

/** Calls the own API with JSON or bytes; whatever it answers but success is an error, unless it is what was expected. */
const api = async ({ url, token }, method, path, body, expected) => {
  const bytes = Buffer.isBuffer(body?.bytes);
  const headers = { authorization: `Bearer ${token}`, "content-type": bytes ? body.type : "application/json" };
  const sent = body === undefined ? undefined : bytes ? body.bytes : JSON.stringify(body);
  const answer = await fetch(`${url}/api/v1${path}`, { method, headers, body: sent });
  const text = await answer.text();
  if (expected ? answer.status !== expected : !answer.ok) {
    throw new Error(`${method} ${path}: ${answer.status} ${text.slice(0, 1_000)}`);
  }
  return text ? JSON.parse(text) : undefined;
};

/** Asks again until there is an answer. */
export const until = async (what, ask) => {
  const begun = Date.now();
  for (;;) {
    const found = await ask();
    if (found) return found;
    if (Date.now() - begun > 60_000) throw new Error(`${what}: not within a minute`);
  }
};
