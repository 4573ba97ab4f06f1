// One worker for each form in which workers of the published templates answer, each on a port of its own.
//
// The first line printed says which listens where. Lines read from standard input bring the gateway's address and the
// keys with which results are sent later, or ask for the results of an evidence, which are printed.
const http = require("node:http");
const { createInterface } = require("node:readline");
const { caller, json } = require("./worker-client.js");

const clients = {};
const results = (name, path) => clients[name]("GET", path).then(({ bytes }) => JSON.parse(bytes));
const deliver = async (name, path) => {
  const result = { source: name, body: `delivered by ${name}`, status: "Completed", canProcess: true };
  const { status, bytes } = await clients[name]("PUT", path, json(result));
  if (status !== 200) throw new Error(`${status} ${bytes}`);
};
// Asks again until the gateway says that this worker has deferred.
const queued = async (name, path) => {
  while (!(await results(name, path)).some((each) => each.source === name && each.status === "Queued"));
};
const metadata = ({ operationSlug, evidenceUuid }) => `/api/operations/${operationSlug}/evidence/${evidenceUuid}/metadata`;

const answer = (status, body, type = "application/json") => ({ status, body: body && JSON.stringify(body), type });
const html = "text/html; charset=utf-8";
const early = (name) => async (message) => {
  await deliver(name, metadata(message));
  return answer(202);
};

// What each says to an event; to a test, unless it is another, that it is well.
const ways = {
  before: { event: early("before") },
  "before-with-a-wide-key": { event: early("before-with-a-wide-key") },
  after: {
    event: (message) => {
      const path = metadata(message);
      queued("after", path).then(() => deliver("after", path)).catch(tell);
      return answer(202);
    },
  },
  flask: {
    test: () => answer(204, undefined, html),
    event: ({ contentType }) => answer(200, { action: "processed", content: `a Flask worker saw: ${contentType}` }, html),
  },
  rejects: { event: () => answer(406, { action: "rejected", content: "no pictures, please" }) },
  fails: { event: () => answer(500, { action: "error", content: "out of paper" }) },
};
const tests = () => answer(200, { status: "ok" });

const tell = (what) => console.log(JSON.stringify(what instanceof Error ? { failed: what.message } : what));

const read = async (request) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks));
};

const listen = ([name, { test = tests, event }]) => {
  const serve = async (request, response) => {
    // As the templates do.
    if (request.headers["content-type"] !== "application/json") return response.writeHead(415).end();
    const message = await read(request);
    const said = await (message.type === "test" ? test() : event(message));
    response.writeHead(said.status, said.body ? { "Content-Type": said.type } : {}).end(said.body);
  };
  const listener = http.createServer((request, response) => serve(request, response).catch(tell));
  return new Promise((resolve) => {
    listener.listen(0, "127.0.0.1", () => resolve([name, listener.address().port]));
  });
};

createInterface({ input: process.stdin }).on("line", (line) => {
  const { gateway, keys, results: asked } = JSON.parse(line);
  if (asked) return results("reader", asked).then((results) => tell({ results }), tell);
  for (const [name, own] of Object.entries(keys)) clients[name] = caller(gateway, own);
  tell({ ready: true });
});

Promise.all(Object.entries(ways).map(listen)).then((ports) => tell(Object.fromEntries(ports)));
