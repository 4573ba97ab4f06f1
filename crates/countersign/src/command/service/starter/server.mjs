// A scanner for Countersign: plain Node 20, no packages. It looks at what is sent and says which rules match.
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const BODY_BYTES_MAX = 1024 * 1024;
const key = process.env.SCANNER_KEY;
// The port is after the last colon: an IPv6 address has more of them, in brackets.
const [, host, port] = /^(.+):(\d+)$/.exec(process.env.LISTEN ?? "127.0.0.1:20000") ?? [];
if (!key || !host) {
  console.error("expected the service's key in SCANNER_KEY, and an address with a port in LISTEN");
  process.exit(2);
}

// Looks at one call. What it throws is answered 500, and the gateway tries again later.
async function scan(call) {
  const matchedRules = JSON.stringify(call).includes("EICAR") ? ["MALICIOUS"] : [];
  return { version: "1.0.0", matchedRules };
}

// Whether the caller proves to hold the key. What is signed is the raw bytes: they are checked before they are parsed.
function proven(header, body) {
  const expected = Buffer.from(`HMAC-SHA256 ${createHmac("sha256", key).update(body).digest("hex")}`);
  const found = Buffer.from(header);
  return found.length === expected.length && timingSafeEqual(found, expected);
}

// The whole body, or null if it is too long.
function received(request) {
  return new Promise((resolve, reject) => {
    const pieces = [];
    let length = 0;
    request.on("data", (piece) => {
      length += piece.length;
      if (length > BODY_BYTES_MAX) resolve(null);
      else pieces.push(piece);
    });
    request.on("end", () => resolve(Buffer.concat(pieces)));
    request.on("error", reject);
  });
}

async function answer(request) {
  const refused = (status, error) => [status, { error, extra_info: null }];
  const { authorization, "content-type": type } = request.headers;
  if (type !== "application/json") return refused(415, "unsupported content type");
  const body = await received(request);
  if (body === null) return refused(413, "request entity too large");
  if (!authorization) return refused(400, "missing authorization header");
  if (!proven(authorization, body)) return refused(401, "authentication has failed");
  if (request.method !== "POST") return refused(405, "method not allowed");
  if (request.url !== "/") return refused(404, "not found");
  let call;
  try {
    call = JSON.parse(body);
  } catch {
    call = null;
  }
  if (call === null || typeof call !== "object") return refused(400, "expected a JSON object or array");
  return [200, await scan(call)];
}

const server = createServer(async (request, response) => {
  const [status, said] = await answer(request).catch((error) => [500, { error: String(error), extra_info: null }]);
  const text = JSON.stringify(said);
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(text) };
  // What was refused early may not have been read to its end.
  if (status === 413 || status === 415) headers.connection = "close";
  response.writeHead(status, headers).end(text);
});
// Longer than the gateway keeps a connection, so that no call meets one that is just being closed.
server.keepAliveTimeout = 75_000;
const bare = host.replace(/^\[(.*)\]$/, "$1");
server.listen(Number(port), bare, () => console.log(`listening on ${host}:${server.address().port}`));
