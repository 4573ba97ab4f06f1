// The packages: one for each system, and one that picks among them.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import module from '../../index.js'
import { PLATFORMS, packageName, platform } from '../../scripts/platforms.mjs'
import { folder, installed, place } from './installed.mjs'

const crate = path.resolve(import.meta.dirname, '../..')
const read = (...at) => readFileSync(path.join(...at), 'utf8')
const json = (...at) => JSON.parse(read(...at))
const META = '@countersign/license-validator'
const OWN = packageName(platform())
const { version } = json(crate, 'package.json')

/** Runs JavaScript in a folder; what it said. */
function run(cwd, code, ...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...args, '-'], { cwd, input: code, encoding: 'utf8' })
  return { status, said: stdout.trim(), failed: stderr }
}

test('all packages have one version, and the one that picks knows every system', () => {
  const meta = json(crate, 'meta/package.json')
  const names = PLATFORMS.map(packageName)
  assert.equal(meta.version, version)
  assert.deepEqual(meta.optionalDependencies, Object.fromEntries(names.map((name) => [name, version])))
  assert.equal(read(crate, '../../Cargo.toml').match(/^version = "(.*)"$/m)[1], version)
  assert.equal(new module.PluginValidator().version, version)
})

test('each system is built, and a tag publishes', () => {
  const workflow = read(crate, '../../.github/workflows/license-validator.yml')
  const built = [...workflow.matchAll(/target: ([\w-]+),/g)].map(([, target]) => target)
  assert.deepEqual(built.sort(), PLATFORMS.map(({ target }) => target).sort())
  assert.match(workflow, /PAROLE_VALUE: \$\{\{ secrets.PAROLE_VALUE \}\}/)
  assert.match(workflow, /tags: \['v\[0-9\]\+\.\[0-9\]\+\.\[0-9\]\+'\]/)
})

test('what is exported is declared', () => {
  const declared = read(crate, 'index.d.ts')
  const exported = [...declared.matchAll(/^export (?:class|const) (\w+)/gm)].map(([, name]) => name)
  assert.deepEqual(exported.sort(), Object.keys(module).sort())
  for (const name of [module.PluginValidator, module.WebhookVerifier].flatMap((each) => Object.getOwnPropertyNames(each.prototype))) {
    assert.match(declared, new RegExp(`^  (readonly )?${name}[(:]`, 'm'), name)
  }
})

test('the scripts of Windows are those of Windows', () => {
  const { scripts } = json(crate, 'package.json')
  const windows = Object.keys(scripts).filter((name) => scripts[name].includes('windows'))
  assert.deepEqual(windows, ['build:debug:win', 'build:release:win'])
  const released = Object.keys(scripts).filter((name) => scripts[name].includes('--release'))
  assert.deepEqual(released, ['build:release', 'build:release:win'])
})

test('package.json becomes that of one system, where it is asked for', () => {
  const made = folder()
  for (const name of ['scripts', 'meta', 'package.json']) {
    cpSync(path.join(crate, name), path.join(made, name), { recursive: true })
  }
  const patch = (variables, ...args) => {
    const { CI: _, ...env } = process.env
    const script = path.join(made, 'scripts/patch-package-name.mjs')
    return spawnSync(process.execPath, [script, ...args], { env: { ...env, ...variables }, encoding: 'utf8' })
  }

  assert.match(patch({}).stderr, /stays as it is: CI is not set/)
  assert.equal(read(made, 'package.json'), read(crate, 'package.json'))

  assert.equal(patch({ CI: 'true' }, '--target', 'aarch64-unknown-linux-musl').stdout.trim(), `${META}-linux-arm64-musl`)
  const { name, os, cpu, libc, files, scripts, private: isPrivate } = json(made, 'package.json')
  assert.deepEqual([name, os, cpu, libc], [`${META}-linux-arm64-musl`, ['linux'], ['arm64'], ['musl']])
  assert.deepEqual(files, json(crate, 'package.json').files)
  assert.deepEqual([scripts, isPrivate], [undefined, undefined])

  patch({}, '--target', 'x86_64-pc-windows-msvc', made)
  const windows = json(made, 'package.json')
  assert.deepEqual([windows.name, windows.os, windows.libc], [`${META}-win32-x64-msvc`, ['win32'], undefined])
  assert.match(patch({ CI: 'true' }, '--target', 'x86_64-unknown-freebsd').stderr, /no package is made for x86_64-unknown-f/)
})

test('the one that picks gives what the system’s own has, to both kinds of modules', () => {
  const made = installed()
  const names = 'LicenseError, PluginValidator, WebhookVerifier, providers'
  const same = `console.log([${names}].every((each) => Object.values(own).includes(each)))`
  assert.equal(run(made, `const { ${names} } = require('${META}'), own = require('${OWN}');${same}`).said, 'true')
  const imported = `import { ${names} } from '${META}'; import own from '${OWN}';${same}`
  assert.equal(run(made, imported, '--input-type=module').said, 'true')
})

test('what is missing, of another version or not made says so', () => {
  const made = installed()
  const failure = (code) => {
    const { status, failed } = run(made, `${code}; require('${META}')`)
    assert.equal(status, 1)
    return failed
  }

  const arch = `Object.defineProperty(process, 'arch', { value: 'riscv64' })`
  assert.match(failure(arch), /has no package for .*riscv64.* There are: linux-x64-gnu, linux-x64-musl, /)

  const own = place(made, `${OWN}/package.json`)
  writeFileSync(own, read(own).replace(version, '9.9.9'))
  assert.match(failure(''), new RegExp(`${META} ${version} needs ${OWN} ${version}, found 9.9.9. Install both anew`))

  rmSync(place(made, OWN), { recursive: true })
  assert.match(failure(''), new RegExp(`needs the package ${OWN}, and it is not installed. Install ${OWN}@${version}`))
})
