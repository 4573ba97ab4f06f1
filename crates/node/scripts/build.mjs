// Builds the library and lays it beside index.js.
//
//     node scripts/build.mjs [--release] [--target TRIPLE] [--require-parole] [--out FILE] [-- ARGUMENTS OF CARGO]
//
// PAROLE_VALUE, if it is set, is built in as the shared secret; cargo reads it from the environment. With
// --require-parole a build without it is an error.

import { execFileSync } from 'node:child_process'
import { copyFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { libraryName, platform } from './platforms.mjs'

const { values, positionals } = parseArgs({
  options: {
    release: { type: 'boolean', default: false },
    target: { type: 'string' },
    'require-parole': { type: 'boolean', default: false },
    out: { type: 'string' },
  },
  allowPositionals: true,
})
const system = platform(values.target)
const crate = path.resolve(import.meta.dirname, '..')
// A folder of its own: what is built in must not come into other builds.
const folder = process.env.CARGO_TARGET_DIR ?? path.resolve(crate, '../../target/node')
const features = values['require-parole'] ? 'require-parole' : 'parole'

const args = ['build', '-p', 'node', '--locked', '--features', features, '--target-dir', folder]
if (values.release) args.push('--release')
if (values.target) args.push('--target', values.target)
const env = { ...process.env }
// Unless told otherwise, musl is linked into everything, and then nothing can be loaded.
if (system.libc === 'musl') env.RUSTFLAGS = `${env.RUSTFLAGS ?? ''} -C target-feature=-crt-static`.trim()
execFileSync('cargo', [...args, ...positionals], { cwd: crate, env, stdio: 'inherit' })

const built = path.join(folder, values.target ?? '', values.release ? 'release' : 'debug', libraryName(system))
const module = path.resolve(values.out ?? path.join(crate, 'license-validator.node'))
// Removed first: a process that has loaded the old one keeps it.
rmSync(module, { force: true })
copyFileSync(built, module)
console.log(`${module}: ${system.target}`)
