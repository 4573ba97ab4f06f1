"""A client of the signed API, with the library `requests`.

It uses every endpoint, checks what it is answered, and prints each call as a line of JSON: method, path, status. It is
told where the gateway is, its keys and a picture by GATEWAY, ACCESS_KEY, SECRET_KEY and PICTURE.
"""

import base64
import email.utils
import hashlib
import hmac
import json
import os
import re
import struct
import time
from urllib.parse import quote

import requests


def sign(access_key, secret_key, method, path, date, digest):
    """What `Authorization` says: an HMAC over three lines and the 32 bytes of the body's digest."""
    text = f"{method}\n{path}\n{date}\n".encode() + digest
    mac = hmac.new(base64.b64decode(secret_key), text, hashlib.sha256).digest()
    return f"{access_key}:{base64.b64encode(mac).decode()}"


def expect(found, expected):
    if found != expected:
        raise SystemExit(f"expected {expected!r}, found {found!r}")


def example():
    """The signature that the protocol's own example gives."""
    secret_key = "DuvC7Wzpnsa2vtnOYw0RPGWeSdVB5L2L++PLpwGNb5yPQW47BoT5sohaMknU6Sh6a+0d/8dMh+wBEa2IPMMcNQ=="
    digest = hashlib.sha256(b'{"slug":"test-op","name":"Test Op"}').digest()
    date = "Sun, 21 Oct 2018 12:16:24 GMT"
    signed = sign("P4qRS5sa346iHWZBB53qzzNm", secret_key, "POST", "/api/operations", date, digest)
    expect(signed, "P4qRS5sa346iHWZBB53qzzNm:RlbnBDbg5hj/foncSzOnfDWOCrTapyaL7fqKxkcCsFE=")


class Client:
    def __init__(self):
        self.gateway = os.environ["GATEWAY"]
        self.keys = {"access_key": os.environ["ACCESS_KEY"], "secret_key": os.environ["SECRET_KEY"]}
        self.session = requests.Session()
        self.session.trust_env = False

    def raw(self, status, method, path, chunked=False, date=None, keys=None, **body):
        """One call; `body` is what `requests` takes: `json`, `data`, `files`."""
        request = requests.Request(method, self.gateway + path, **body).prepare()
        content = request.body or b""
        content = content.encode() if isinstance(content, str) else content
        digest = hashlib.sha256(content).digest()
        if chunked:
            kind = request.headers["Content-Type"]
            pieces = (content[at : at + 100] for at in range(0, len(content), 100))
            request = requests.Request(method, self.gateway + path, data=pieces, headers={"Content-Type": kind}).prepare()
            expect(request.headers["Transfer-Encoding"], "chunked")
        date = date or email.utils.formatdate(usegmt=True)
        request.headers["Date"] = date
        request.headers["Authorization"] = sign(
            **{**self.keys, **(keys or {})}, method=method, path=request.path_url, date=date, digest=digest
        )
        answer = self.session.send(request)
        if answer.status_code != status:
            raise SystemExit(f"{method} {path}: expected {status}, found {answer.status_code} {answer.text[:500]}")
        print(json.dumps([method, request.path_url, status]))
        return answer

    def call(self, *request, **more):
        return self.raw(*request, **more).json()


def everything():
    client = Client()
    call, raw = client.call, client.raw
    with open(os.environ["PICTURE"], "rb") as file:
        picture = file.read()
    shot = ("shot.png", picture, "image/png")

    # Who calls.
    expect(call(200, "GET", "/api/checkconnection"), {"ok": True})
    hour = 61 * 60
    for wrong in (
        {"keys": {"secret_key": base64.b64encode(os.urandom(64)).decode()}},
        {"date": email.utils.formatdate(time.time() - hour, usegmt=True)},
        {"date": email.utils.formatdate(time.time() + hour, usegmt=True)},
        {"keys": {"access_key": "AS-nobody", "secret_key": ""}},
    ):
        answer = raw(401, "GET", "/api/checkconnection", **wrong)
        expect((answer.headers["Content-Type"], answer.json()), ("application/json", {"error": "Unauthorized"}))

    # Operations.
    made = call(201, "POST", "/api/operations", json={"slug": "Test Op!", "name": "Test Op"})
    expect((made["slug"], made["name"], made["numEvidence"]), ("test-op", "Test Op", 0))
    op = "/api/operations/test-op"
    call(400, "POST", "/api/operations", json={"slug": "test op", "name": "Again"})
    call(201, "POST", "/api/operations", json={"slug": "second", "name": "Second"})
    expect([each["slug"] for each in call(200, "GET", "/api/operations")], ["second", "test-op"])

    # Tags.
    red = call(201, "POST", f"{op}/tags", json={"name": "red", "colorName": "red"})
    blue = call(201, "POST", f"{op}/tags", json={"name": "a b", "colorName": "lightBlue", "description": "ü"})
    expect((blue["name"], blue["colorName"], blue["description"]), ("a b", "lightBlue", "ü"))
    call(400, "POST", f"{op}/tags", json={"name": "red", "colorName": "blue"})

    # Evidence: the file last, first and between; whole and in chunks from a generator; none.
    def create(chunked=False, **form):
        uuid = call(201, "POST", f"{op}/evidence", chunked=chunked, **form)["uuid"]
        expect(bool(re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", uuid)), True)
        return uuid

    texts = {"contentType": "image", "occurred_at": "1767225600123456789"}
    described = {**texts, "notes": "Login page, größer", "tagIds": json.dumps([red["id"]])}
    last = create(data=described, files={"file": shot})
    parts = [(name, (None, text)) for name, text in texts.items()]
    first = create(files=[("file", shot), ("notes", (None, "second login")), *parts], chunked=True)
    adjusted = ("adjusted_at", (None, "2026-03-02T12:00:00Z"))
    between = create(files=[("notes", (None, "in between")), ("file", shot), *parts, adjusted], chunked=True)
    bare = create(files=[("notes", (None, "")), ("contentType", (None, "none"))])
    har = b'{"log":{"version":"1.2","creator":{"name":"x","version":"1"},"entries":[]}}'
    archive = {"file": ("a.har", har, "application/json")}
    session = create(data={"notes": "a session", "contentType": "http-request-cycle"}, files=archive)

    # What was made is there, byte for byte.
    def one(uuid, more=""):
        return f"{op}/evidence/{uuid}{more}"

    shown = call(200, "GET", one(last))
    expect((shown["uuid"], shown["description"], shown["contentType"]), (last, "Login page, größer", "image"))
    expect((shown["occurredAt"][:23], shown["adjustedAt"]), ("2026-01-01T00:00:00.123", None))
    for uuid in (last, first, between):
        expect(raw(200, "GET", one(uuid, "/media")).content == picture, True)
    expect(raw(200, "GET", one(session, "/preview")).content, har)
    expect(call(404, "GET", one(bare, "/media")), {"error": "Not Found"})
    preview = raw(200, "GET", one(last, "/preview")).content
    expect((preview[1:4], max(struct.unpack(">II", preview[16:24]))), (b"PNG", 500))

    # Changes.
    changes = {
        "notes": (None, "Login page, replaced"),
        "tagsToAdd": (None, json.dumps([blue["id"]])),
        "tagsToRemove": (None, json.dumps([red["id"]])),
    }
    expect(call(200, "PUT", one(last), files=changes), None)
    expect(call(200, "GET", one(last))["description"], "Login page, replaced")
    other = har.replace(b'"x"', b'"y"')
    replaced = {"file": ("a.har", other, "application/json")}
    expect(call(200, "PUT", one(session), files=replaced, chunked=True), None)
    expect(raw(200, "GET", one(session, "/media")).content, other)
    call(400, "PUT", one(last), files={"file": shot})
    counts = [(tag["name"], tag["evidenceCount"]) for tag in call(200, "GET", f"{op}/tags")]
    expect(counts, [("red", 0), ("a b", 1)])

    # Results.
    result = {"source": "Demo", "body": "found port 443 🔒", "status": "Queued"}
    expect(call(200, "PUT", one(last, "/metadata"), json=result), None)
    done = {**result, "body": "x" * 100_000 + " port 22", "status": "Completed", "message": "m", "canProcess": "true"}
    expect(call(200, "PUT", one(last, "/metadata"), json=done, chunked=True), None)
    wrong = call(400, "PUT", one(last, "/metadata"), json={**done, "status": "Done"})
    expect("Queued, Processing, Completed, Error" in wrong["error"], True)
    call(400, "PUT", one(last, "/metadata"), json={"source": "Demo", "status": "Error"})
    expect(call(200, "GET", one(last, "/metadata")), [{**done, "canProcess": True}])

    # The list and its filter.
    def found(query):
        listed = call(200, "GET", f"{op}/evidence?query={quote(query, safe='')}")
        return [each["uuid"] for each in listed]

    expect(found("login"), [first, last])
    expect(found("login sort:asc"), [last, first])
    expect(found('"login page"'), [last])
    expect(found('tag:"a b"'), [last])
    expect(found("type:image type:none tag:!red range:2026-03-01,2026-03-03"), [between])
    expect(found("meta:port meta:22"), [last])
    expect(found(f"uuid:{bare}"), [bare])
    expect(found("operator:client type:http-request-cycle"), [session])
    expect(len(call(200, "GET", f"{op}/evidence")), 5)
    call(400, "GET", f"{op}/evidence?query=colour:red")

    # What is not there.
    missing = one("00000000-0000-4000-8000-000000000000")
    expect(call(404, "GET", missing), {"error": "Not Found"})
    expect(call(401, "PUT", missing, files={"notes": (None, "x")}), {"error": "Unauthorized"})
    expect(call(401, "PUT", f"{missing}/metadata", json=done), {"error": "Unauthorized"})
    raw(405, "DELETE", missing)


if __name__ == "__main__":
    example()
    everything()
