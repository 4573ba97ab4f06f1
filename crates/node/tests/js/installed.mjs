// The packages, laid out as npm installs them.

import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after } from 'node:test'
import { patch } from '../../scripts/patch-package-name.mjs'
import { packageName, platform } from '../../scripts/platforms.mjs'

const crate = path.resolve(import.meta.dirname, '../..')

/** A folder that goes away with the test. */
export function folder() {
  const made = realpathSync(mkdtempSync(path.join(tmpdir(), 'license-validator-')))
  after(() => rmSync(made, { recursive: true }))
  return made
}

/** Where a package lies in a folder. */
export const place = (folder, name) => path.join(folder, 'node_modules', name)

/** A folder in which both packages are installed. */
export function installed() {
  const made = folder()
  const meta = place(made, '@countersign/license-validator')
  cpSync(path.join(crate, 'meta'), meta, { recursive: true })
  const own = place(made, packageName(platform()))
  mkdirSync(own)
  for (const name of ['package.json', 'index.js', 'lib', 'license-validator.node']) {
    cpSync(path.join(crate, name), path.join(own, name), { recursive: true })
  }
  patch(own, platform())
  return made
}
