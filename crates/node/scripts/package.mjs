// Packs what is published into dist/: the package of one system, or with --meta the one that picks among them.
//
//     node scripts/package.mjs [--target TRIPLE] [--meta] [--out FOLDER]

import { execFileSync } from 'node:child_process'
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { patch } from './patch-package-name.mjs'
import { platform } from './platforms.mjs'

const { values } = parseArgs({
  options: {
    target: { type: 'string' },
    meta: { type: 'boolean', default: false },
    out: { type: 'string' },
  },
})
const crate = path.resolve(import.meta.dirname, '..')
const root = path.resolve(crate, '../..')
const out = path.resolve(values.out ?? path.join(crate, 'dist'))
/** What both packages have beside what is their own. */
const SHARED = { 'README.md': crate, 'index.d.ts': crate, 'LICENSE-APACHE': root, 'LICENSE-MIT': root }

const source = values.meta ? path.join(crate, 'meta') : crate
const { files } = JSON.parse(readFileSync(path.join(source, 'package.json'), 'utf8'))
const staged = mkdtempSync(path.join(tmpdir(), 'license-validator-'))
try {
  const own = ['package.json', ...files].filter((name) => !(name in SHARED))
  for (const name of own) cpSync(path.join(source, name), path.join(staged, name), { recursive: true })
  for (const [name, folder] of Object.entries(SHARED)) copyFileSync(path.join(folder, name), path.join(staged, name))
  if (!values.meta) patch(staged, platform(values.target))
  mkdirSync(out, { recursive: true })
  const npm = { cwd: staged, encoding: 'utf8', shell: process.platform === 'win32' }
  console.log(path.join(out, execFileSync('npm', ['pack', '--silent', '--pack-destination', out], npm).trim()))
} finally {
  rmSync(staged, { recursive: true })
}
