// One scanner for each way in which the real client library can answer, each on a port of its own.
//
// The first line printed says which listens where; each further line is a call that was believed. Lines read from
// standard input bring the accounts with which results are sent later, or ask for a push.
const { createExpressApp, downloadFile, downloadFileUpload, patchScannerResult, postScannerResult } =
  require("addons-scanner-utils/functions");
const { createHash } = require("node:crypto");
const { readFileSync } = require("node:fs");
const { createInterface } = require("node:readline");

const key = process.env.SCANNER_KEY;
const accounts = {};
let attempts = 0;
const found = (rule) => ({ version: "1.0.0", matchedRules: [rule] });
const digest = (file) => createHash("sha256").update(readFileSync(file)).digest("hex");
const patch = ({ scanner_result_url: url }, env) => patchScannerResult({ url, payload: { results: found("LATER") }, env });

const modes = {
  sync: (_, response) => response.json(found("SYNC")),
  skip: (_, response) => response.status(204).end(),
  before: async ({ body }, response) => {
    await patch(body, accounts.before);
    response.status(202).json({});
  },
  after: ({ body }, response) => {
    response.on("finish", () => patch(body, accounts.after).then(() => tell({ patched: "after" }), tell));
    response.status(202).json({});
  },
  stranger: async ({ body }, response) => {
    const wrong = { ...accounts.stranger, AMO_JWT_SECRET: "0".repeat(64) };
    const why = await patch(body, wrong).then(() => "believed", (error) => error.message + (error.extraInfo ?? ""));
    response.json(found(`REFUSED ${why}`));
  },
  flaky: (_, response) => {
    attempts += 1;
    return attempts === 1 ? response.status(500).json({ error: "not yet" }) : response.json(found(`TRY ${attempts}`));
  },
  upload: async ({ body }, response) => {
    const allowedOrigin = new URL(body.download_url).origin;
    response.json(found(digest(await downloadFileUpload({ downloadURL: body.download_url, allowedOrigin }))));
  },
  files: async ({ body }, response) => {
    // Both are saved under one name.
    const fetched = async (downloadURL) => digest(await downloadFile({ downloadURL, env: accounts.files }));
    const file = await fetched(body.version.file.url);
    const source = await fetched(body.version.download_source_url);
    response.json({ version: "1.0.0", matchedRules: [file, source] });
  },
  push: (_, response) => response.json(found("CALLED")),
};

const tell = (what) => console.log(JSON.stringify(what instanceof Error ? { failed: what.message } : what));

const listen = ([name, handler]) =>
  new Promise((resolve) => {
    // The library takes the key out of the environment when it reads it.
    process.env[`KEY_OF_${name}`] = key;
    const app = createExpressApp({ apiKeyEnvVarName: `KEY_OF_${name}` })((request, response) => {
      tell({ mode: name, body: request.body, id: request.get("x-amo-request-id") });
      return handler(request, response);
    });
    const listener = app.listen(0, "127.0.0.1", () => resolve([name, listener.address().port]));
  });

createInterface({ input: process.stdin }).on("line", (line) => {
  const asked = JSON.parse(line);
  Object.assign(accounts, asked.accounts);
  if (asked.push) {
    postScannerResult({ ...asked.push, env: accounts.push }).then(() => tell({ pushed: true }), tell);
  }
});

Promise.all(Object.entries(modes).map(listen)).then((ports) => tell(Object.fromEntries(ports)));
