// The published vectors, and tokens made with their keys.

import { createHmac, createPrivateKey, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'

const read = (path) => JSON.parse(readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8'))

export const licenses = read('license/vectors/license-tokens.json')
export const webhooks = read('verify/vectors/providers.json')

/** A set as a verifier may have it: without private halves. */
export function publicKeys(keyset) {
  return { keys: keyset.keys.map(({ d, public_pem, secret_utf8, ...key }) => key) }
}

/** The time of almost every vector. */
export const NOW = 1760000000

const base64 = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A token of these claims, signed with a private key of Ed25519 or with a secret. */
export function token(claims, key, header = {}) {
  const isSecret = typeof key === 'string'
  const alg = isSecret ? 'HS512' : 'EdDSA'
  const kid = isSecret ? {} : { kid: key.kid }
  const signed = `${base64({ alg, typ: 'JWT', ...kid, ...header })}.${base64(claims)}`
  const signature = isSecret
    ? createHmac('sha512', key).update(signed).digest()
    : sign(null, Buffer.from(signed), createPrivateKey({ key, format: 'jwk' }))
  return `${signed}.${signature.toString('base64url')}`
}

/** A license in one category. */
export function user(key, claims = {}) {
  const own = { iss: 'sakuli.io', sub: 'sakuli_user', aud: 'customer', category: 2, nbf: NOW - 10, exp: NOW + 10 }
  return token({ ...own, ...claims }, key)
}

/** The token of a plugin. */
export function plugin(name, key, claims = {}) {
  return token({ iss: 'sakuli.io', sub: 'sakuli_plugin', aud: name, category: 6, ...claims }, key)
}
