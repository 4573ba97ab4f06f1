"""Reads license tokens of ours with PyJWT, and makes others under the same keys."""

import json
import sys
import time

import jwt

with open(sys.argv[1], encoding="utf-8") as file:
    asked = json.load(file)

made = []
now = int(time.time())
for each in asked:
    key = jwt.PyJWK.from_dict(each["jwk"], algorithm=each["alg"])
    private = key.key
    public = private.public_key() if hasattr(private, "public_key") else private
    claims = jwt.decode(
        each["token"], public, algorithms=[each["alg"]], issuer="sakuli.io", audience="customer-1",
        options={"require": ["exp", "nbf", "iat", "jti"]},
    )
    assert jwt.get_unverified_header(each["token"])["kid"] == each["jwk"]["kid"]
    token = jwt.encode(
        {"iss": "sakuli.io", "sub": "sakuli_user", "aud": "their-customer", "category": 2, "nbf": now - 1, "exp": now + 600},
        private, algorithm=each["alg"], headers={"kid": each["jwk"]["kid"]},
    )
    made.append({"claims": claims, "token": token})
print(json.dumps(made))
