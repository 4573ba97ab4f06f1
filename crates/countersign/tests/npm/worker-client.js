// A client of the signed API, with Node's own modules alone. Run as a program it uses every endpoint, checks what it is
// answered, and prints each call as a line of JSON: method, path, status.
//
// It is told where the gateway is, its keys and a picture by GATEWAY, ACCESS_KEY, SECRET_KEY and PICTURE.
const assert = require("node:assert/strict");
const { createHash, createHmac, randomBytes } = require("node:crypto");
const { readFileSync } = require("node:fs");
const http = require("node:http");

const sha256 = (bytes) => createHash("sha256").update(bytes).digest();

// What `Authorization` says of a request: three lines, then the 32 bytes of its body's digest, under the secret's bytes.
const sign = ({ accessKey, secretKey }, method, path, date, digest) => {
  const mac = createHmac("sha256", Buffer.from(secretKey, "base64"));
  mac.update(`${method}\n${path}\n${date}\n`).update(digest);
  return `${accessKey}:${mac.digest("base64")}`;
};

// A form as bytes and its media type: a list of [name, text] and [name, { name, type, bytes }].
const form = (parts) => {
  const boundary = `----AShirtFormData-${randomBytes(30).toString("base64url")}`;
  const part = ([name, value]) => {
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${name}"`;
    return typeof value === "string"
      ? [Buffer.from(`${head}\r\n\r\n${value}\r\n`)]
      : [Buffer.from(`${head}; filename="${value.name}"\r\nContent-Type: ${value.type}\r\n\r\n`), value.bytes, Buffer.from("\r\n")];
  };
  const body = Buffer.concat([...parts.flatMap(part), Buffer.from(`--${boundary}--\r\n`)]);
  return { body, type: `multipart/form-data; boundary=${boundary}` };
};

// A function that calls the gateway with these keys. `chunked` leaves out the body's length.
const caller = (gateway, keys) => (method, path, more = {}) => {
  const { body = Buffer.alloc(0), type = "application/json", chunked = false, date = new Date().toUTCString() } = more;
  const headers = { "Content-Type": type, Date: date };
  headers.Authorization = sign({ ...keys, ...more.keys }, method, path, date, sha256(body));
  if (body.length > 0 && !chunked) headers["Content-Length"] = body.length;
  return new Promise((resolve, reject) => {
    const request = http.request(new URL(path, gateway), { method, headers }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk)).on("error", reject);
      response.on("end", () => {
        const bytes = Buffer.concat(chunks);
        resolve({ status: response.statusCode, type: response.headers["content-type"], bytes });
      });
    });
    request.on("error", reject);
    if (chunked) request.flushHeaders();
    for (let sent = 0; chunked && sent < body.length; sent += 100) request.write(body.subarray(sent, sent + 100));
    request.end(chunked ? undefined : body);
  });
};

const json = (value) => ({ body: Buffer.from(JSON.stringify(value)) });

const everything = async () => {
  const keys = { accessKey: process.env.ACCESS_KEY, secretKey: process.env.SECRET_KEY };
  const send = caller(process.env.GATEWAY, keys);
  const raw = async (status, method, path, more) => {
    const answer = await send(method, path, more);
    assert.equal(answer.status, status, `${method} ${path}: ${answer.bytes.subarray(0, 500)}`);
    console.log(JSON.stringify([method, path, status]));
    return answer;
  };
  const call = async (...request) => JSON.parse((await raw(...request)).bytes);
  const picture = readFileSync(process.env.PICTURE);
  const shot = ["file", { name: "shot.png", type: "image/png", bytes: picture }];

  // Who calls.
  assert.deepEqual(await call(200, "GET", "/api/checkconnection"), { ok: true });
  const secret = randomBytes(64).toString("base64");
  for (const wrong of [
    { keys: { secretKey: secret } },
    { date: new Date(Date.now() - 61 * 60 * 1000).toUTCString() },
    { date: new Date(Date.now() + 61 * 60 * 1000).toUTCString() },
    { keys: { accessKey: "AS-nobody", secretKey: "" } },
  ]) {
    const answer = await raw(401, "GET", "/api/checkconnection", wrong);
    assert.equal(answer.type, "application/json");
    assert.deepEqual(JSON.parse(answer.bytes), { error: "Unauthorized" });
  }

  // Operations.
  const made = await call(201, "POST", "/api/operations", json({ slug: "Test Op!", name: "Test Op" }));
  assert.deepEqual([made.slug, made.name, made.numEvidence], ["test-op", "Test Op", 0]);
  const op = "/api/operations/test-op";
  await call(400, "POST", "/api/operations", json({ slug: "test op", name: "Again" }));
  await call(201, "POST", "/api/operations", json({ slug: "second", name: "Second" }));
  assert.deepEqual((await call(200, "GET", "/api/operations")).map((each) => each.slug), ["second", "test-op"]);

  // Tags.
  const red = await call(201, "POST", `${op}/tags`, json({ name: "red", colorName: "red" }));
  const blue = await call(201, "POST", `${op}/tags`, json({ name: "a b", colorName: "lightBlue", description: "ü" }));
  assert.deepEqual([blue.name, blue.colorName, blue.description], ["a b", "lightBlue", "ü"]);
  await call(400, "POST", `${op}/tags`, json({ name: "red", colorName: "blue" }));

  // Evidence: the file last, first and between; whole and in chunks; none.
  const texts = (notes) => [["notes", notes], ["contentType", "image"], ["occurred_at", "1767225600123456789"]];
  const create = async (parts, chunked) => {
    const created = await call(201, "POST", `${op}/evidence`, { ...form(parts), chunked });
    assert.match(created.uuid, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    return created.uuid;
  };
  const last = await create([...texts("Login page, größer"), ["tagIds", JSON.stringify([red.id])], shot]);
  const first = await create([shot, ...texts("second login")], true);
  const [notes, ...others] = texts("in between");
  const between = await create([notes, shot, ...others, ["adjusted_at", "2026-03-02T12:00:00Z"]], true);
  const bare = await create([["notes", ""], ["contentType", "none"]]);
  const har = Buffer.from('{"log":{"version":"1.2","creator":{"name":"x","version":"1"},"entries":[]}}');
  const archive = { name: "a.har", type: "application/json", bytes: har };
  const session = await create([["notes", "a session"], ["contentType", "http-request-cycle"], ["file", archive]]);

  // What was made is there, byte for byte.
  const one = (uuid, more = "") => `${op}/evidence/${uuid}${more}`;
  const shown = await call(200, "GET", one(last));
  assert.deepEqual([shown.uuid, shown.description, shown.contentType], [last, "Login page, größer", "image"]);
  assert.equal(Date.parse(shown.occurredAt), 1767225600123);
  assert.equal(shown.adjustedAt, null);
  for (const uuid of [last, first, between]) {
    assert.ok(picture.equals((await raw(200, "GET", one(uuid, "/media"))).bytes));
  }
  assert.ok(har.equals((await raw(200, "GET", one(session, "/preview"))).bytes));
  assert.deepEqual(await call(404, "GET", one(bare, "/media")), { error: "Not Found" });
  const preview = (await raw(200, "GET", one(last, "/preview"))).bytes;
  assert.equal(preview.subarray(1, 4).toString(), "PNG");
  assert.equal(Math.max(preview.readUInt32BE(16), preview.readUInt32BE(20)), 500);

  // Changes.
  const change = form([
    ["notes", "Login page, replaced"],
    ["tagsToAdd", JSON.stringify([blue.id])],
    ["tagsToRemove", JSON.stringify([red.id])],
  ]);
  assert.equal(await call(200, "PUT", one(last), change), null);
  assert.equal((await call(200, "GET", one(last))).description, "Login page, replaced");
  const other = Buffer.from(har.toString().replace('"x"', '"y"'));
  const replace = form([["file", { ...archive, bytes: other }]]);
  assert.equal(await call(200, "PUT", one(session), { ...replace, chunked: true }), null);
  assert.ok(other.equals((await raw(200, "GET", one(session, "/media"))).bytes));
  await call(400, "PUT", one(last), form([shot]));
  const counts = (await call(200, "GET", `${op}/tags`)).map((tag) => [tag.name, tag.evidenceCount]);
  assert.deepEqual(counts, [["red", 0], ["a b", 1]]);

  // Results.
  const result = { source: "Demo", body: "found port 443 🔒", status: "Queued" };
  assert.equal(await call(200, "PUT", one(last, "/metadata"), json(result)), null);
  const done = { ...result, body: "x".repeat(100_000) + " port 22", status: "Completed", message: "m", canProcess: "true" };
  assert.equal(await call(200, "PUT", one(last, "/metadata"), { ...json(done), chunked: true }), null);
  const wrong = await call(400, "PUT", one(last, "/metadata"), json({ ...done, status: "Done" }));
  assert.match(wrong.error, /Queued, Processing, Completed, Error/);
  await call(400, "PUT", one(last, "/metadata"), json({ source: "Demo", status: "Error" }));
  assert.deepEqual(await call(200, "GET", one(last, "/metadata")), [{ ...done, canProcess: true }]);

  // The list and its filter.
  const list = async (filter) => {
    const found = await call(200, "GET", `${op}/evidence?query=${encodeURIComponent(filter)}`);
    return found.map((each) => each.uuid);
  };
  assert.deepEqual(await list("login"), [first, last]);
  assert.deepEqual(await list("login sort:asc"), [last, first]);
  assert.deepEqual(await list('"login page"'), [last]);
  assert.deepEqual(await list('tag:"a b"'), [last]);
  assert.deepEqual(await list("type:image type:none tag:!red range:2026-03-01,2026-03-03"), [between]);
  assert.deepEqual(await list("meta:port meta:22"), [last]);
  assert.deepEqual(await list(`uuid:${bare}`), [bare]);
  assert.deepEqual(await list("operator:client type:http-request-cycle"), [session]);
  assert.equal((await call(200, "GET", `${op}/evidence`)).length, 5);
  await call(400, "GET", `${op}/evidence?query=colour:red`);

  // What is not there.
  const missing = one("00000000-0000-4000-8000-000000000000");
  assert.deepEqual(await call(404, "GET", missing), { error: "Not Found" });
  assert.deepEqual(await call(401, "PUT", missing, form([["notes", "x"]])), { error: "Unauthorized" });
  assert.deepEqual(await call(401, "PUT", `${missing}/metadata`, json(done)), { error: "Unauthorized" });
  await raw(405, "DELETE", missing);
};

const example = () => {
  const keys = {
    accessKey: "P4qRS5sa346iHWZBB53qzzNm",
    secretKey: "DuvC7Wzpnsa2vtnOYw0RPGWeSdVB5L2L++PLpwGNb5yPQW47BoT5sohaMknU6Sh6a+0d/8dMh+wBEa2IPMMcNQ==",
  };
  const body = '{"slug":"test-op","name":"Test Op"}';
  const signed = sign(keys, "POST", "/api/operations", "Sun, 21 Oct 2018 12:16:24 GMT", sha256(body));
  assert.equal(signed, "P4qRS5sa346iHWZBB53qzzNm:RlbnBDbg5hj/foncSzOnfDWOCrTapyaL7fqKxkcCsFE=");
};

module.exports = { caller, form, json };
if (require.main === module) {
  example();
  everything();
}
