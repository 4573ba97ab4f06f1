// Files as people upload them, and as people upload them who mean harm.
import { deflateSync } from "node:zlib";

const CRC = Uint32Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit += 1) byte = byte & 1 ? 0xedb88320 ^ (byte >>> 1) : byte >>> 1;
  return byte;
});

const chunk = (kind, data) => {
  const body = Buffer.concat([Buffer.from(kind, "latin1"), data]);
  const crc = body.reduce((sum, byte) => CRC[(sum ^ byte) & 0xff] ^ (sum >>> 8), 0xffffffff);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE((crc ^ 0xffffffff) >>> 0, body.length + 4);
  return framed;
};

/** A PNG in colours; `pixel` answers three bytes for a place. `said` is the size that its header tells. */
const png = (width, height, pixel, said = [width, height]) => {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(said[0], 0);
  header.writeUInt32BE(said[1], 4);
  header.set([8, 2, 0, 0, 0], 8);
  const rows = Buffer.alloc(height * (1 + width * 3));
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) rows.set(pixel(x, y), y * (1 + width * 3) + 1 + x * 3);
  }
  const parts = [["IHDR", header], ["IDAT", deflateSync(rows)], ["IEND", Buffer.alloc(0)]];
  const mark = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([mark, ...parts.map(([kind, data]) => chunk(kind, data))]);
};

/** A window with a bar, a menu and lines of text, as blocks of colour. */
const screenshot = (hue) =>
  png(1200, 750, (x, y) => {
    if (y < 44) return [40, 44, 60 + hue];
    if (x < 220) return (y % 46) > 30 && x > 24 && x < 180 ? [150, 158, 175] : [232, 236, 243];
    const [line, end] = [Math.floor((y - 90) / 34), 300 + ((y * 7919) % 13) * 0 + ((Math.floor((y - 90) / 34) * 211) % 760)];
    const written = y > 90 && y < 690 && (y - 90) % 34 < 14 && x > 270 && x < end + 60;
    return written ? (line % 5 ? [95, 104, 122] : [20 + hue, 90, 160]) : [250, 251, 253];
  });

/** What a browser saw at a login, as its developer tools save it. */
const har = () => {
  const entry = (method, path, status, type, text, more = {}) => ({
    startedDateTime: "2026-11-20T09:14:05.120Z",
    time: 41.7 + status / 10,
    serverIPAddress: "203.0.113.7",
    request: {
      method,
      url: `https://shop.example.test${path}`,
      httpVersion: "HTTP/2",
      headers: [
        { name: "accept", value: "application/json, text/html;q=0.9" },
        { name: "cookie", value: "session=8c1f…; theme=dark" },
        { name: "user-agent", value: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0" },
      ],
      queryString: [],
      cookies: [],
      headersSize: 210,
      bodySize: more.postData ? more.postData.text.length : 0,
      ...more,
    },
    response: {
      status,
      statusText: { 200: "OK", 302: "Found", 403: "Forbidden", 500: "Internal Server Error" }[status],
      httpVersion: "HTTP/2",
      headers: [{ name: "content-type", value: type }, { name: "x-request-id", value: "b71c0c52" }],
      cookies: [],
      content: { size: text.length, mimeType: type, text },
      redirectURL: status === 302 ? "/account" : "",
      headersSize: 140,
      bodySize: text.length,
    },
    cache: {},
    timings: { send: 0.2, wait: 38.1, receive: 3.4 },
  });
  const form = { mimeType: "application/x-www-form-urlencoded", text: "user=admin%27--&password=x" };
  const entries = [
    entry("GET", "/login", 200, "text/html", "<!doctype html><title>Login</title><form method=post>…</form>"),
    entry("POST", "/login", 302, "text/html", "", { postData: form }),
    entry("GET", "/account", 200, "application/json", JSON.stringify({ user: "admin", roles: ["admin", "owner"] })),
    entry("GET", "/account/export?all=1", 403, "application/json", JSON.stringify({ error: "not yours" })),
    entry("GET", "/reports/17", 500, "text/plain", "NullPointerException at Report.java:211"),
  ];
  return JSON.stringify({ log: { version: "1.2", creator: { name: "Firefox", version: "140.0" }, entries } });
};

/** A terminal session: typing, colours, a bar that overwrites itself. */
const recording = (screens) => {
  const [escape, lines] = ["\u001b", []];
  let at = 0.4;
  const say = (text, pause = 0.3) => lines.push([Number((at += pause).toFixed(3)), "o", text]);
  const type = (text) => [...text].forEach((letter) => say(letter, 0.07));
  say(`${escape}[1;32moperator@kali${escape}[0m:${escape}[1;34m~${escape}[0m$ `);
  type("nmap -sV 203.0.113.7");
  say("\r\n");
  for (let part = 10; part <= 100; part += 30) say(`\r${escape}[33mscanned ${part}%${escape}[0m`, 0.5);
  say("\r\nPORT    STATE SERVICE VERSION\r\n22/tcp  open  ssh     OpenSSH 9.2\r\n");
  say(`443/tcp open  https   ${escape}[31mnginx 1.18.0 (outdated)${escape}[0m\r\n`);
  screens?.forEach((text) => say(text));
  say(`${escape}[1;32moperator@kali${escape}[0m:${escape}[1;34m~${escape}[0m$ `);
  const header = { version: 2, width: 80, height: 24, timestamp: 1_795_600_000, title: "port scan", env: { TERM: "xterm-256color" } };
  return [header, ...lines].map((line) => JSON.stringify(line)).join("\n") + "\n";
};

const code = (content, contentSubtype, source) =>
  JSON.stringify({ contentType: "codeblock", contentSubtype, metadata: { source }, content });

const PYTHON = `import hmac, hashlib

SECRET = b"correct horse battery staple"   # TODO: move out of the code

def is_signed(body: bytes, header: str) -> bool:
    """Compares in constant time; == would tell how many bytes are right."""
    expected = hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(f"sha256={expected}", header)
`;

const file = (name, type, bytes) => ({ name, type, bytes: Buffer.from(bytes) });

/** One honest evidence of each kind: its notes, content type and file. */
export const honest = () => [
  { notes: "Login page takes a quote for a user name", contentType: "image", file: file("login.png", "image/png", screenshot(0)) },
  { notes: "Account page of the administrator", contentType: "image", file: file("account.png", "image/png", screenshot(60)) },
  { notes: "The login as the browser saw it", contentType: "http-request-cycle", file: file("login.har", "application/json", har()) },
  { notes: "Port scan of the shop's host", contentType: "terminal-recording", file: file("scan.cast", "application/octet-stream", recording()) },
  { notes: "The signature check, with the secret in it", contentType: "codeblock", file: file("check.codeblock", "application/json", code(PYTHON, "python", "src/check.py, lines 1 to 8")) },
  { notes: "The owner was told by telephone", contentType: "event" },
  { notes: "Nothing to see, only to know: the shop closes on Sunday", contentType: "none" },
];

/** Where whoever means harm would like to be heard of; a test sees whether anything asks for it. */
export const ELSEWHERE = "http://elsewhere.invalid";

/** What would run, if anything ran: a dialog, a mark on the window, a request to elsewhere. */
const HARM = `alert('harm');window.harm=1;new Image().src='${ELSEWHERE}/script'`;
const quoted = HARM.replaceAll("'", "&#39;");

/** Markup that runs wherever text is taken for markup. */
export const MARKUP = `</textarea></script></style>"'><script>${HARM}</script><img src=x onerror="${quoted}"><svg onload="${quoted}">`;

const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="300" height="200" onload="${quoted}"><script>${HARM}</script>
<image href="${ELSEWHERE}/image.png" width="10" height="10"/><foreignObject width="90" height="90"><body xmlns="http://www.w3.org/1999/xhtml"
><iframe src="javascript:${quoted}"/></body></foreignObject><a href="javascript:${quoted}"><text y="40">A picture</text></a></svg>`;

const page = `<!doctype html><title>harm</title><body onload="${quoted}"><script>${HARM}</script>${MARKUP}`;

const hostileHar = () => {
  const headers = [{ name: MARKUP, value: MARKUP }, { name: "location", value: `javascript:${HARM}` }];
  const content = { size: page.length, mimeType: "text/html", text: page };
  const picture = { size: svg.length, mimeType: "image/svg+xml", encoding: "base64", text: Buffer.from(svg).toString("base64") };
  const entry = (url, body) => ({
    startedDateTime: MARKUP,
    time: 1,
    serverIPAddress: MARKUP,
    request: { method: MARKUP, url, httpVersion: MARKUP, headers, postData: { mimeType: "text/html", text: page } },
    response: { status: 200, statusText: MARKUP, headers, content: body },
  });
  const entries = [entry(`javascript:${HARM}`, content), entry(`${ELSEWHERE}/"onmouseover="${quoted}`, picture)];
  return JSON.stringify({ log: { version: "1.2", creator: { name: MARKUP, version: MARKUP }, entries } });
};

const hostileRecording = () => {
  const [escape, bell] = ["\u001b", "\u0007"];
  const link = `${escape}]8;;javascript:${HARM}${bell}a link${escape}]8;;${bell}`;
  return recording([MARKUP, `${escape}]0;${MARKUP}${bell}`, `${escape}]52;c;aGFybQ==${bell}`, link, `${escape}[99999999C${escape}[9999999b`]);
};

/** Evidence that means harm, as far as its type's check lets it in. */
export const hostile = () => [
  { notes: `A HAR file full of markup ${MARKUP}`, contentType: "http-request-cycle", file: file("markup.har", "application/json", hostileHar()) },
  { notes: `A recording full of escapes ${MARKUP}`, contentType: "terminal-recording", file: file("escapes.cast", "text/html", hostileRecording()) },
  { notes: `Code that ends its own block ${MARKUP}`, contentType: "codeblock", file: file("block.codeblock", "text/html", code(page, MARKUP, MARKUP)) },
  {
    notes: "A picture of two and a half thousand million pixels, by its header",
    contentType: "image",
    file: file("bomb.png", "image/png", png(1, 1, () => [0, 0, 0], [50_000, 50_000])),
  },
  { notes: "A page in a place for anything", contentType: "event", file: file("page.html", "text/html", page) },
];

/** Files that mean harm, for the own API, which takes any: name, media type and bytes. */
export const hostileArtifacts = () => [
  file("picture.svg", "image/svg+xml", svg),
  file("page.png", "image/png", page),
  file(`"><img src=x onerror="${quoted}">.png`, "text/html", page),
  file("archive.har", "application/har+json", hostileHar()),
];
