// What a validator can be told, and what it refuses to be told.

import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { PluginValidator } from '../../index.js'
import { NOW, licenses, plugin, publicKeys, token, user } from './vectors.mjs'

const [KEY] = licenses.keysets.ed25519.keys
const KEYS = publicKeys(licenses.keysets.ed25519)
const SIGNED = plugin('a', KEY)
const folder = mkdtempSync(path.join(tmpdir(), 'license-validator-'))
after(() => rmSync(folder, { recursive: true }))

function file(name, text) {
  const made = path.join(folder, name)
  writeFileSync(made, text)
  return made
}

const check = (options, license = user(KEY), signed = SIGNED) =>
  new PluginValidator('a', { now: NOW, ...options }).verifyPlugin({ pluginToken: signed }, license)

/** Runs with variables of the environment, and takes them back. */
function having(variables, run) {
  Object.assign(process.env, variables)
  try {
    return run()
  } finally {
    for (const name of Object.keys(variables)) delete process.env[name]
  }
}

test('keys come as objects, as text and as a file', () => {
  const [jwk] = KEYS.keys
  const keysFile = file('keys.json', JSON.stringify(KEYS))
  for (const keys of [KEYS, jwk, JSON.stringify(KEYS), JSON.stringify(jwk)]) assert.equal(check({ keys }), true)
  assert.equal(check({ keysFile }), true)
  assert.equal(check({ keys: KEYS, keysFile: '/nowhere' }), true, 'the first place alone counts')
})

test('a public key in PEM verifies tokens that name none', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const key = { ...privateKey.export({ format: 'jwk' }), kid: undefined }
  const pem = publicKey.export({ type: 'spki', format: 'pem' })
  assert.equal(check({ keys: pem }, user(key), plugin('a', key)), true)
})

test('keys of the environment come after those that are given, and nothing is merged', () => {
  const path = file('environment.json', JSON.stringify(KEYS))
  const other = publicKeys(licenses.keysets.es256)
  having({ COUNTERSIGN_LICENSE_KEYSET: path }, () => {
    assert.equal(check({}), true)
    assert.throws(() => check({ keys: other }), { code: 'ALG_REJECTED', token: 'user' })
  })
  having({ COUNTERSIGN_LICENSE_KEYSET: '/nowhere' }, () => {
    assert.throws(() => check({}), { code: 'ARGUMENT', message: /COUNTERSIGN_LICENSE_KEYSET: .* \/nowhere: ENOENT/ })
  })
  having({ COUNTERSIGN_LICENSE_KEYSET: '' }, () => assert.throws(() => check({}), { code: 'ALG_REJECTED' }))
})

test('no private key is a verifier’s, and its value is not told', () => {
  assert.throws(
    () => check({ keys: licenses.keysets.ed25519 }),
    (error) => error.code === 'ARGUMENT' && /private key/.test(error.message) && !error.message.includes(KEY.d),
  )
})

test('names can be one’s own', () => {
  const subjects = { user: 'x_user', plugin: 'x_plugin' }
  const license = user(KEY, { iss: 'x', sub: 'x_user' })
  const signed = plugin('a', KEY, { iss: 'x', sub: 'x_plugin' })
  assert.equal(check({ keys: KEYS, issuer: 'x', subjects }, license, signed), true)
  assert.throws(() => check({ keys: KEYS, subjects }, license, signed), { code: 'ISSUER_INVALID' })
  assert.throws(() => check({ keys: KEYS, issuer: 'x' }, license, signed), { code: 'SUBJECT_INVALID' })
})

test('the clock is given or the system’s', () => {
  let shown = NOW
  const clocked = new PluginValidator('a', { keys: KEYS, now: () => shown })
  const license = user(KEY)
  assert.equal(clocked.verifyPlugin({ pluginToken: SIGNED }, license), true)
  shown += 10
  assert.throws(() => clocked.verifyPlugin({ pluginToken: SIGNED }, license), { code: 'EXPIRED' })
  assert.equal(check({ keys: KEYS, now: NOW + 10, leeway: 1 }), true)
  assert.throws(() => check({ keys: KEYS, now: undefined }), { code: 'EXPIRED' })
  for (const now of [NaN, -1, Infinity, 253402300800, () => 'soon', () => undefined]) {
    assert.throws(() => check({ keys: KEYS, now }), { name: 'TypeError', code: 'ARGUMENT' })
  }
})

test('a license can be asked to name a customer', () => {
  assert.equal(check({ keys: KEYS, expectedCustomer: 'customer' }), true)
  assert.throws(() => check({ keys: KEYS, expectedCustomer: 'another' }), { code: 'AUDIENCE_MISMATCH', token: 'user' })
})

test('revocations are ids, a signed list, or a file with one', () => {
  const revoked = { code: 'REVOKED', token: 'user' }
  const license = user(KEY, { jti: 'lic-1' })
  const claims = { iss: 'sakuli.io', sub: 'sakuli_revocation', iat: NOW, seq: 3, revoked: [{ jti: 'lic-1' }] }
  const list = token(claims, KEY, { typ: 'revocation+jwt' })
  const path = file('revoked', `${list}\n`)
  const given = (revocations) => () => check({ keys: KEYS, revocations }, license)

  assert.throws(given({ jti: ['lic-1'] }), revoked)
  assert.throws(given({ kid: [KEY.kid] }), revoked)
  assert.throws(given(list), revoked)
  assert.throws(given({ list, seen: 3 }), revoked)
  assert.throws(given({ file: path }), revoked)
  having({ COUNTERSIGN_LICENSE_REVOCATIONS: path }, () => {
    assert.throws(given(undefined), revoked)
    assert.throws(given({ mode: 'required' }), revoked)
    assert.equal(given({ mode: 'off' })(), true)
    assert.equal(given({ jti: ['another'] })(), true)
  })
  assert.equal(given(undefined)(), true)
  assert.throws(given({ mode: 'required' }), revoked)
  assert.throws(given({ list, seen: 4 }), { code: 'ARGUMENT', message: /number 3, but number 4 was seen/ })
  assert.throws(given(license), { code: 'ARGUMENT', message: /no revocation list/ })
  assert.throws(given(`${list.slice(0, -4)}AAAA`), { code: 'ARGUMENT', message: /does not hold/ })
})

test('an option that cannot be says so', () => {
  for (const [options, message] of [
    [{ requiretoken: true }, /Unknown option requiretoken. Known are keys, .*requireToken/],
    [{ requireToken: 'yes' }, /requireToken. Expected true or false/],
    [{ leeway: 301 }, /expected 0 to 300 seconds, found 301/],
    [{ leeway: -1 }, /whole number/],
    [{ leeway: 0.5 }, /whole number/],
    [{ keys: 7 }, /keys. Expected a string or an object/],
    [{ keys: { keys: [] } }, /the set holds no key/],
    [{ keysFile: '/nowhere' }, /keysFile: .*ENOENT/],
    [{ subjects: { users: 'x' } }, /Unknown option subjects.users/],
    [{ revocations: { mode: 'maybe' } }, /none of off, optional, required/],
    [{ revocations: { jti: 'lic-1' } }, /revocations.jti. Expected an array of strings/],
  ]) {
    assert.throws(() => check(options), { name: 'TypeError', code: 'ARGUMENT', message }, JSON.stringify(options))
  }
})
