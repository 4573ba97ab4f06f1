// Reads license tokens of ours with jose, and makes others under the same keys.
import { readFileSync } from 'node:fs';
import { SignJWT, importJWK, jwtVerify } from 'jose';

const made = [];
for (const { alg, jwk, token } of JSON.parse(readFileSync(process.argv[2], 'utf8'))) {
  const { d, ...halfOrSecret } = jwk;
  const options = { algorithms: [alg], issuer: 'sakuli.io', audience: 'customer-1', requiredClaims: ['exp', 'nbf', 'jti'] };
  const { payload } = await jwtVerify(token, await importJWK(halfOrSecret, alg), options);
  const now = Math.floor(Date.now() / 1000);
  const theirs = new SignJWT({ category: 2 })
    .setProtectedHeader({ alg, kid: jwk.kid, typ: 'JWT' })
    .setIssuer('sakuli.io')
    .setSubject('sakuli_user')
    .setAudience('their-customer')
    .setNotBefore(now - 1)
    .setExpirationTime(now + 600);
  made.push({ claims: payload, token: await theirs.sign(await importJWK(jwk, alg)) });
}
console.log(JSON.stringify(made));
