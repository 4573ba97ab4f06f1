// Installs what was packed into an empty folder, as its users do, and puts it to use.
//
//     node scripts/check-packed.mjs [--target TRIPLE] [FOLDER]
//
// With PAROLE_VALUE set, the module must have been built with it: it takes that secret's tokens and no other's, and the
// secret is not to be found in it.

import { execFileSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { packageName, platform } from './platforms.mjs'

const META = '@countersign/license-validator'
const FILES = ['LICENSE-APACHE', 'LICENSE-MIT', 'README.md', 'index.d.ts', 'index.js', 'package.json']
const OWN = ['lib/errors.js', 'lib/options.js', 'lib/plugin-validator.js', 'lib/webhook-verifier.js', 'license-validator.node']

const { values, positionals } = parseArgs({ options: { target: { type: 'string' } }, allowPositionals: true })
const packed = path.resolve(positionals[0] ?? path.resolve(import.meta.dirname, '../dist'))
const own = packageName(platform(values.target))
const folder = mkdtempSync(path.join(tmpdir(), 'license-validator-'))

try {
  install()
  holds(META, [...FILES, 'platform.js'])
  holds(own, [...FILES, ...OWN])
  loads()
  if (process.env.PAROLE_VALUE) parole(process.env.PAROLE_VALUE)
  console.log(`${own} is as it should be`)
} finally {
  rmSync(folder, { recursive: true })
}

/** Installs both packages without asking a registry: the packages of other systems are optional. */
function install() {
  writeFileSync(path.join(folder, 'package.json'), '{ "private": true }')
  const tarballs = [own, META].map(tarball)
  run('npm', ['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', '--silent', ...tarballs])
}

/** The one file that a package of this name and any version was packed to. */
function tarball(name) {
  const start = `${name.slice(1).replace('/', '-')}-`
  const found = readdirSync(packed).filter((file) => file.startsWith(start) && /^\d.*\.tgz$/.test(file.slice(start.length)))
  if (found.length !== 1) throw new Error(`expected one ${start}VERSION.tgz in ${packed}, found ${found.length}`)
  return path.join(packed, found[0])
}

/** A package holds these files, and no others. */
function holds(name, expected) {
  const root = path.join(folder, 'node_modules', name)
  const found = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const files = found.map((entry) => path.relative(root, path.join(entry.path, entry.name)).replaceAll('\\', '/'))
  if (String(files.sort()) !== String([...expected].sort())) throw new Error(`${name} holds ${files.join(', ')}`)
}

/** Both kinds of modules find what is exported, and it works. */
function loads() {
  const used = `
    const validator = new PluginValidator('a')
    if (validator.verifyPlugin({}, '') !== true) throw new Error('an open plugin is refused')
    const { reason } = new WebhookVerifier('github', 'a secret').verify({ headers: {}, body: '{}' })
    if (reason !== 'missing-header') throw new Error(reason)`
  evaluate(`const { PluginValidator, WebhookVerifier } = require('${META}');${used}`)
  evaluate(`import { PluginValidator, WebhookVerifier } from '${META}';${used}`, ['--input-type=module'])
}

/** The secret was built in, another is refused, and it cannot be read in the file. */
function parole(secret) {
  const checked = (key) => {
    const code = `
      const { PluginValidator } = require('${META}')
      try { console.log(new PluginValidator('a').verifyPlugin({ pluginToken: '${plugin(key)}' }, '${user(key)}')) }
      catch (error) { console.log(error.code) }`
    return evaluate(code).trim()
  }
  const [ours, others] = [checked(secret), checked(`not ${secret}`)]
  if (ours !== 'true') throw new Error(`a token that is signed with PAROLE_VALUE ends in ${ours}`)
  if (others !== 'SIGNATURE_INVALID') throw new Error(`a token that is signed with another secret ends in ${others}`)
  if (readFileSync(path.join(folder, 'node_modules', own, 'license-validator.node')).includes(secret)) {
    throw new Error('the secret can be read in license-validator.node')
  }
}

function user(secret) {
  const now = Date.now() / 1000
  return token({ sub: 'sakuli_user', aud: 'customer', category: 1, nbf: now - 60, exp: now + 600 }, secret)
}

function plugin(secret) {
  return token({ sub: 'sakuli_plugin', aud: 'a', category: 1 }, secret)
}

function token(claims, secret) {
  const parts = [{ alg: 'HS512', typ: 'JWT' }, { iss: 'sakuli.io', ...claims }]
  const signed = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  return `${signed}.${createHmac('sha512', secret).update(signed).digest('base64url')}`
}

/** Runs JavaScript in the folder, from standard input: nothing of it is seen on a command line. */
function evaluate(code, args = []) {
  return run(process.execPath, [...args, '-'], code)
}

function run(program, args, input = '') {
  const { COUNTERSIGN_LICENSE_KEYSET: _, COUNTERSIGN_LICENSE_REVOCATIONS: __, ...env } = process.env
  const options = { cwd: folder, env, input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'inherit'] }
  return execFileSync(program, args, { ...options, shell: program === 'npm' && process.platform === 'win32' })
}
