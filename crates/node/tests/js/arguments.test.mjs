// What a call is, and what it answers: the same as programs know it from before.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LicenseError, PluginValidator } from '../../index.js'
import { NOW, licenses, plugin, publicKeys, user } from './vectors.mjs'

const [KEY] = licenses.keysets.ed25519.keys
const OPTIONS = { keys: publicKeys(licenses.keysets.ed25519), now: NOW }
const validator = new PluginValidator('a', OPTIONS)
const LICENSE = user(KEY)
const PLUGIN = { pluginToken: plugin('a', KEY) }

const refused = (code, token, message) => (error) => {
  assert.ok(error instanceof LicenseError && error instanceof Error)
  assert.deepEqual([error.name, error.code, error.token], ['LicenseError', code, token])
  if (message) assert.equal(error.message, message)
  return true
}
const argument = (message) => ({ name: 'TypeError', code: 'ARGUMENT', token: null, message })

test('success is true', () => {
  assert.equal(validator.verifyPlugin(PLUGIN, LICENSE), true)
  const image = plugin('a', KEY, { sub: 'sakuli_container' })
  assert.equal(validator.verifyEnvironment(image, LICENSE), true)
})

test('the constructor takes anything for a name, and only a string is one', () => {
  for (const name of [undefined, null, 1, {}, [], '']) {
    const unnamed = new PluginValidator(name, OPTIONS)
    const message = 'Invalid token! Plugin UNKNOWN_PACKAGE tries to use token for plugin: a'
    assert.throws(() => unnamed.verifyPlugin(PLUGIN, LICENSE), refused('AUDIENCE_MISMATCH', 'plugin', message))
  }
  for (const further of [null, 1, 'options']) assert.ok(new PluginValidator('a', further, 3))
  assert.throws(() => PluginValidator('a'), TypeError)
})

test('there are two arguments', () => {
  const count = (found) => argument(`Wrong number of arguments. Expected 2 but got ${found}`)
  assert.throws(() => validator.verifyPlugin(), count(0))
  assert.throws(() => validator.verifyPlugin({}), count(1))
  assert.throws(() => validator.verifyPlugin({}, '', ''), count(3))
  assert.throws(() => validator.verifyEnvironment(''), count(1))
})

test('they have their types', () => {
  for (const value of [null, undefined, 'a', 1, true, Symbol('a')]) {
    assert.throws(() => validator.verifyPlugin(value, ''), argument('Wrong argument type. Expected object'))
  }
  for (const value of [null, undefined, 1, {}, ['a'], new String('a')]) {
    const expected = argument('Wrong argument type. Expected string')
    assert.throws(() => validator.verifyPlugin({}, value), expected)
    assert.throws(() => validator.verifyEnvironment(value, value), expected)
    assert.throws(() => validator.verifyEnvironment('a', value), expected)
    assert.throws(() => validator.verifyEnvironment(value, 'a'), expected)
    assert.throws(() => validator.verifyToken('user', value), expected)
    assert.throws(() => validator.inspectToken(value), expected)
  }
})

test('a method belongs to its object', () => {
  const { verifyPlugin, verifyEnvironment } = validator
  const illegal = argument('Illegal invocation')
  assert.throws(() => verifyPlugin({}, ''), illegal)
  assert.throws(() => verifyEnvironment.call({}, '', ''), illegal)
  assert.throws(() => verifyEnvironment.call(Object.create(PluginValidator.prototype), '', ''), illegal)
})

test('a subclass works, and so does the next call after a failure', () => {
  class Own extends PluginValidator {}
  const own = new Own('a', OPTIONS)
  assert.throws(() => own.verifyPlugin(PLUGIN, ''), refused('TOKEN_EMPTY', 'user'))
  assert.equal(own.verifyPlugin(PLUGIN, LICENSE), true)
})

test('a plugin without a token is open, whatever the license, and functions and arrays are plugins', () => {
  for (const open of [{}, [], () => {}, Object.create(null)]) {
    assert.equal(validator.verifyPlugin(open, ''), true)
    assert.equal(validator.verifyPlugin(open, 'nonsense'), true)
  }
  const strict = new PluginValidator('a', { ...OPTIONS, requireToken: true })
  assert.throws(() => strict.verifyPlugin({}, LICENSE), refused('TOKEN_EMPTY', 'plugin'))
})

test('a token that is there counts, inherited or not, and only a string is one', () => {
  assert.equal(validator.verifyPlugin(Object.create(PLUGIN), LICENSE), true)
  assert.equal(validator.verifyPlugin(Object.assign(() => {}, PLUGIN), LICENSE), true)
  for (const pluginToken of [undefined, null, 1, {}, [], new String(PLUGIN.pluginToken), Symbol('a')]) {
    assert.throws(() => validator.verifyPlugin({ pluginToken }, LICENSE), refused('TOKEN_MALFORMED', 'plugin'))
    assert.throws(() => validator.verifyPlugin({ pluginToken }, ''), refused('TOKEN_EMPTY', 'user'))
  }
})

test('the token is read once', () => {
  let reads = 0
  const changing = {
    get pluginToken() {
      reads += 1
      return PLUGIN.pluginToken
    },
  }
  assert.equal(validator.verifyPlugin(changing, LICENSE), true)
  assert.equal(reads, 1)
})

test('a plugin that throws is a failure', () => {
  const cause = new Error('mine')
  const throwing = {
    get pluginToken() {
      throw cause
    },
  }
  assert.throws(
    () => validator.verifyPlugin(throwing, LICENSE),
    (error) => refused('INTERNAL', 'plugin', 'Unknown failure')(error) && error.cause === cause,
  )
})

test('errors say what they always said, and hold no token', () => {
  const late = user(KEY, { exp: NOW })
  const expired =
    'Failed to validate license token. (Reason: Failed to verify token. (Reason: Token is expired and no longer valid))'
  assert.throws(() => validator.verifyPlugin(PLUGIN, late), refused('EXPIRED', 'user', expired))
  const mismatch = 'License missmatch. User license category 8 does not match plugin category 6'
  const large = user(KEY, { category: 8 })
  assert.throws(() => validator.verifyPlugin(PLUGIN, large), refused('CATEGORY_MISMATCH', null, mismatch))
  const forged = `${LICENSE.slice(0, -4)}AAAA`
  assert.throws(
    () => validator.verifyPlugin(PLUGIN, forged),
    (error) => refused('SIGNATURE_INVALID', 'user')(error) && !JSON.stringify(error).includes(forged.slice(0, 20)),
  )
})

test('a token by itself', () => {
  const claims = validator.verifyToken('user', user(KEY, { aud: ['x', 'y'], exp: NOW + 0.5, iat: 1, jti: 'é' }))
  assert.deepEqual(claims, {
    verified: true,
    kind: 'user',
    audience: ['x', 'y'],
    category: 2,
    notBefore: NOW - 10,
    expires: NOW + 0.5,
    issuedAt: 1,
    id: 'é',
    keyId: 'ed-2025a',
  })
  assert.throws(() => validator.verifyToken('plugin', LICENSE), refused('SUBJECT_INVALID', 'plugin'))
  assert.throws(() => validator.verifyToken('other', LICENSE), { name: 'TypeError', code: 'ARGUMENT' })
})

test('a token is shown without being believed', () => {
  const shown = new PluginValidator().inspectToken(plugin('ä', 'a secret that nobody here has'))
  assert.equal(shown.verified, false)
  assert.deepEqual(shown.header, { alg: 'HS512', typ: 'JWT' })
  assert.deepEqual(shown.claims, { iss: 'sakuli.io', sub: 'sakuli_plugin', aud: 'ä', category: 6 })
  assert.throws(() => validator.inspectToken('a.b'), refused('TOKEN_MALFORMED', null))
})
