// A program with plugins that activates those alone that its license is for.
//
//     COUNTERSIGN_LICENSE_KEY=... node plugin-host.mjs @acme/reports @acme/charts
//
// A plugin is a module whose default export is a function; a licensed one exports its token as `pluginToken` besides.

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { PluginValidator } from '@countersign/license-validator'

/** The license of this installation; an empty one opens only what carries no token. */
export function license({ COUNTERSIGN_LICENSE_KEY, COUNTERSIGN_LICENSE_FILE, SAKULI_LICENSE_KEY } = process.env) {
  if (COUNTERSIGN_LICENSE_KEY) return COUNTERSIGN_LICENSE_KEY.trim()
  if (COUNTERSIGN_LICENSE_FILE) return readFileSync(COUNTERSIGN_LICENSE_FILE, 'utf8').trim()
  return SAKULI_LICENSE_KEY?.trim() ?? ''
}

/**
 * The plugins that may be activated, by their names. One that may not is skipped with a warning, and the others go on;
 * one that cannot be imported ends the loading.
 *
 * `mustCarryToken` tells of which names a plugin without a token is refused: without it, whoever takes the token out of
 * a plugin has opened it.
 */
export async function load(names, userToken, { mustCarryToken = () => false, warn = console.warn, ...options } = {}) {
  const plugins = new Map()
  for (const name of names) {
    const module = await import(name)
    if (typeof module.default !== 'function') {
      warn(`Plugin ${name} has no default export that is a function`)
      continue
    }
    try {
      new PluginValidator(name, { ...options, requireToken: mustCarryToken(name) }).verifyPlugin(module, userToken)
      plugins.set(name, module.default)
    } catch (error) {
      warn(red(`Failed to enable plugin ${name}. Reason: ${error}`))
    }
  }
  return plugins
}

function red(text) {
  return `\u001b[31m${text}\u001b[39m`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const ours = (name) => name.startsWith('@countersign/')
  const plugins = await load(process.argv.slice(2), license(), { mustCarryToken: ours })
  for (const [name, activate] of plugins) console.log(`${name}: ${await activate()}`)
}
