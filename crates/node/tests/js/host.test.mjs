// A program with plugins activates those alone that are valid, and goes on.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { installed, place } from './installed.mjs'
import { licenses, plugin, publicKeys, user } from './vectors.mjs'

const [KEY] = licenses.keysets.ed25519.keys
const NOW = Math.floor(Date.now() / 1000)
const LICENSE = user(KEY, { nbf: NOW - 60, exp: NOW + 600 })
const home = installed()
const host = path.join(home, 'plugin-host.mjs')
const keyset = path.join(home, 'keys.json')
cpSync(path.resolve(import.meta.dirname, '../../examples/plugin-host.mjs'), host)
writeFileSync(keyset, JSON.stringify(publicKeys(licenses.keysets.ed25519)))

/** Makes a plugin with this code. */
function made(name, code) {
  mkdirSync(place(home, name), { recursive: true })
  writeFileSync(place(home, `${name}/package.json`), JSON.stringify({ name, type: 'module', main: 'index.js' }))
  writeFileSync(place(home, `${name}/index.js`), code)
  return name
}

/** Makes one with a default export, and with a token. */
function licensed(name, token) {
  const exported = token === undefined ? '' : `export const pluginToken = ${JSON.stringify(token)}\n`
  return made(name, `${exported}export default () => 'activated'\n`)
}

const GOOD = licensed('@acme/good', plugin('@acme/good', KEY))
const OPEN = licensed('@acme/open')
const FAILING = [
  [licensed('@acme/ended', plugin('@acme/ended', KEY, { exp: NOW - 60 })), 'Token is expired and no longer valid'],
  [licensed('@acme/borrowed', plugin('@acme/good', KEY)), 'tries to use token for plugin: @acme/good'],
  [licensed('@acme/large', plugin('@acme/large', KEY, { category: 8 })), 'does not match plugin category 8'],
  [licensed('@acme/forged', plugin('@acme/forged', 'a secret of nobody here')), 'invalid algorithm'],
  [licensed('@acme/null', null), 'signature format is incorrect'],
  [licensed('@acme/garbled', 'é.é.é'), 'signature format is incorrect'],
  [licensed('@countersign/bared'), 'Plugin token is empty'],
  [made('@acme/empty', 'export const name = "empty"\n'), 'has no default export'],
]

/** Runs the program: what it activated, and its warnings. */
function run(names, variables = { COUNTERSIGN_LICENSE_KEY: LICENSE }) {
  const { PATH } = process.env
  const env = { PATH, COUNTERSIGN_LICENSE_KEYSET: keyset, ...variables }
  const { status, stdout, stderr } = spawnSync(process.execPath, [host, ...names], { cwd: home, env, encoding: 'utf8' })
  return { status, activated: stdout.split('\n').filter(Boolean), warnings: stderr.split('\n').filter(Boolean) }
}

test('valid plugins are activated, each other one is skipped with a warning', () => {
  const [before, after] = [FAILING.slice(0, 4), FAILING.slice(4)]
  const names = [...before.map(([name]) => name), GOOD, ...after.map(([name]) => name), OPEN]

  const { status, activated, warnings } = run(names)

  assert.equal(status, 0, warnings.join('\n'))
  assert.deepEqual(activated, ['@acme/good: activated', '@acme/open: activated'])
  assert.equal(warnings.length, FAILING.length, warnings.join('\n'))
  for (const [at, [name, reason]] of FAILING.entries()) {
    assert.ok(warnings[at].includes(name) && warnings[at].includes(reason), warnings[at])
  }
  assert.match(warnings[0], /Failed to enable plugin @acme\/ended. Reason: LicenseError: /)
})

test('without a license, what carries no token is open, and nothing else', () => {
  const { status, activated, warnings } = run([GOOD, OPEN], {})
  assert.deepEqual([status, activated], [0, ['@acme/open: activated']])
  assert.match(warnings.join(), /User license token is empty/)
})

test('the license comes from a variable, a file, or the variable of before', () => {
  const file = path.join(home, 'license')
  writeFileSync(file, `${LICENSE}\n`)
  const one = ['@acme/good: activated']
  assert.deepEqual(run([GOOD], { COUNTERSIGN_LICENSE_FILE: file, SAKULI_LICENSE_KEY: 'old' }).activated, one)
  assert.deepEqual(run([GOOD], { COUNTERSIGN_LICENSE_FILE: '', SAKULI_LICENSE_KEY: LICENSE }).activated, one)
  const first = { COUNTERSIGN_LICENSE_KEY: 'new', COUNTERSIGN_LICENSE_FILE: file }
  assert.deepEqual(run([GOOD], first).activated, [])
})

test('a plugin that cannot be imported ends the loading', () => {
  assert.notEqual(run([GOOD, '@acme/absent']).status, 0)
})
