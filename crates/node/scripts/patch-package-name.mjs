// Makes package.json that of one system: its name, and `os`, `cpu` and `libc`, by which npm installs it there alone.
//
//     node scripts/patch-package-name.mjs [--target TRIPLE] [FOLDER]
//
// Without a folder, the package's own file is changed, and only where CI is set: nobody's working tree is.

import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { packageName, platform } from './platforms.mjs'

/** Changes the package.json in this folder. */
export function patch(folder, system) {
  const file = path.join(folder, 'package.json')
  const { private: _, scripts: __, ...kept } = JSON.parse(readFileSync(file, 'utf8'))
  const { platform: os, arch, libc } = system
  const patched = { ...kept, name: packageName(system), os: [os], cpu: [arch], libc: libc && [libc] }
  writeFileSync(file, `${JSON.stringify(patched, null, 2)}\n`)
  return patched.name
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values, positionals } = parseArgs({ options: { target: { type: 'string' } }, allowPositionals: true })
  if (positionals.length === 0 && !process.env.CI) {
    console.error('package.json stays as it is: CI is not set')
  } else {
    console.log(patch(positionals[0] ?? path.resolve(import.meta.dirname, '..'), platform(values.target)))
  }
}
