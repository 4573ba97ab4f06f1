// No input ends the process, and none finds a fault of ours: each call succeeds, or throws what it may throw.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LicenseError, PluginValidator, WebhookVerifier, providers } from '../../index.js'
import { NOW, licenses, plugin, publicKeys, token, user, webhooks } from './vectors.mjs'

const [KEY] = licenses.keysets.ed25519.keys
const validator = new PluginValidator('a', { keys: publicKeys(licenses.keysets.mixed), now: NOW })

/** Numbers that are the same in every run (mulberry32). */
function random(seed) {
  return (below) => {
    seed = (seed + 0x6d2b79f5) | 0
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

const PIECES = ['', '.', '..', 'é', '\u0000', '\ud800', '😀', '\u{10ffff}', '=', '-', '_', ' ', '\n', 'A', '{', '"', 'eyJ']

/** A text with a few changes. */
function changed(text, at) {
  for (let left = 1 + at(4); left > 0; left -= 1) {
    const place = at(text.length + 1)
    text = text.slice(0, place) + PIECES[at(PIECES.length)] + text.slice(place + at(3))
  }
  return text
}

/** Any value that a program may pass by mistake. */
function anything(at) {
  const hostile = new Proxy({}, { get: () => { throw new Error('get') }, has: () => at(2) === 0 })
  const values = [undefined, null, 0, -1, NaN, 2n ** 70n, true, '', 'é', Symbol('a'), [], {}, () => {}, hostile]
  return [...values, new Date(), new Uint8Array(3), { pluginToken: 'é.é.é' }, globalThis][at(values.length + 4)]
}

function may(call) {
  try {
    call()
  } catch (error) {
    const ours = error instanceof LicenseError && (error.code !== 'INTERNAL' || error.cause?.message === 'get')
    assert.ok(ours || (error instanceof TypeError && error.code === 'ARGUMENT'), error)
  }
}

test('characters beyond ASCII, wherever they stand', () => {
  for (const part of ['é', '\ud83d', '\u0000', '日本', '\u{10ffff}']) {
    for (const text of [`${part}.a.a`, `a.${part}.a`, `a.a.${part}`, `${part}.${part}.${part}`, part]) {
      const malformed = (kind) => ({ name: 'LicenseError', code: 'TOKEN_MALFORMED', token: kind })
      assert.throws(() => validator.verifyPlugin({ pluginToken: text }, user(KEY)), malformed('plugin'))
      assert.throws(() => validator.verifyEnvironment(text, text), malformed('user'))
      assert.throws(() => validator.inspectToken(text), malformed(null))
    }
  }
  const named = new PluginValidator('日本/é', { keys: publicKeys(licenses.keysets.ed25519), now: NOW })
  assert.equal(named.verifyPlugin({ pluginToken: plugin('日本/é', KEY) }, user(KEY, { aud: '😀' })), true)
})

test('tokens beyond all bounds', () => {
  const long = 'A'.repeat(10 * 1024 * 1024)
  const deep = '['.repeat(2000)
  for (const text of [long, `${long}.${long}.${long}`, 'é'.repeat(1 << 20), '.'.repeat(1 << 20), deep]) {
    assert.throws(() => validator.verifyEnvironment(text, text), { code: 'TOKEN_MALFORMED' })
    assert.throws(() => validator.inspectToken(text), { code: 'TOKEN_MALFORMED' })
  }
  let claims = {}
  for (let depth = 0; depth < 500; depth += 1) claims = { a: claims }
  assert.throws(() => validator.verifyToken('user', token(claims, KEY)), { code: 'TOKEN_MALFORMED' })
})

test('tokens that were changed', () => {
  const at = random(1)
  for (let round = 0; round < 4000; round += 1) {
    const { token: signed, user_token: license } = licenses.vectors[at(licenses.vectors.length)]
    may(() => validator.verifyPlugin({ pluginToken: changed(signed ?? '', at) }, license))
    may(() => validator.verifyEnvironment(signed ?? '', changed(license, at)))
    may(() => validator.inspectToken(changed(license, at)))
  }
})

test('signed claims of any kind', () => {
  const at = random(2)
  const values = [null, true, '', 'é', -1, 0, 1.5, 1e300, 2 ** 53, '1', [], ['a', ''], {}, [[]], '\ud800', 'a'.repeat(999)]
  const names = ['iss', 'sub', 'aud', 'category', 'nbf', 'exp', 'iat', 'jti', 'contract_exp', '__proto__', 'é']
  for (let round = 0; round < 500; round += 1) {
    const claims = {}
    for (let left = 1 + at(3); left > 0; left -= 1) claims[names[at(names.length)]] = values[at(values.length)]
    const license = user(KEY, claims)
    may(() => validator.verifyToken('user', license))
    may(() => validator.verifyPlugin({ pluginToken: plugin('a', KEY, claims) }, license))
    may(() => validator.inspectToken(license))
  }
})

test('arguments of any kind', () => {
  const at = random(3)
  for (let round = 0; round < 2000; round += 1) {
    const values = [anything(at), anything(at), anything(at)].slice(0, at(4))
    may(() => validator.verifyPlugin(...values))
    may(() => validator.verifyEnvironment(...values))
    may(() => validator.verifyToken(...values))
    may(() => validator.inspectToken(...values))
  }
  for (const option of ['keys', 'keysFile', 'issuer', 'subjects', 'leeway', 'now', 'revocations', 'expectedCustomer']) {
    for (const value of [null, 0, -1, NaN, 1e300, '', 'é', '\ud800', [], [[]], { keys: [{}] }, { kty: 'oct' }, () => 'é']) {
      may(() => new PluginValidator('a', { [option]: value }).verifyPlugin({ pluginToken: 'a' }, 'a'))
    }
  }
})

test('requests of any kind', () => {
  const at = random(4)
  const secret = (vector) => vector.secrets[0] ?? 'a secret'
  for (let round = 0; round < 4000; round += 1) {
    const vector = webhooks[at(webhooks.length)]
    if (!providers.includes(vector.provider)) continue
    const headers = vector.headers.map(([name, value]) => [name, at(3) ? value : changed(value, at)])
    const body = Buffer.from(at(2) ? vector.body : changed(vector.body, at))
    const url = at(2) ? vector.url : changed(vector.url, at)
    may(() => new WebhookVerifier(vector.provider, secret(vector), { now: vector.clock }).verify({ url, headers, body }))
  }
  const verifier = new WebhookVerifier('github', 'a secret')
  for (let round = 0; round < 500; round += 1) {
    may(() => verifier.verify({ headers: {}, method: anything(at), url: anything(at), body: anything(at) }))
  }
})
