// The scanner of the protocol's own documentation: it prints what it is asked and finds nothing.
const { createExpressApp } = require("addons-scanner-utils/functions");

const handler = (request, response) => {
  console.log(request.body);
  response.json({ version: "1.0.0" });
};

const app = createExpressApp({ apiKeyEnvVarName: "NEW_SCANNER_API_KEY" })(handler);
app.listen(process.env.PORT ?? 20000, "127.0.0.1", () => console.error("listening"));
