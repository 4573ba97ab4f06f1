// A scanner as its author would write it with the real client library: it finds the same in everything.
const { createExpressApp } = require("addons-scanner-utils/functions");

const app = createExpressApp({ apiKeyEnvVarName: "SCANNER_KEY" })((request, response) => {
  response.json({ version: "1.0.0", matchedRules: ["MALICIOUS"] });
});

// The port on a line of its own tells the test that it listens.
const listener = app.listen(0, "127.0.0.1", () => console.log(listener.address().port));
