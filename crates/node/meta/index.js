'use strict'

const { name, version, optionalDependencies } = require('./package.json')
const { current, suffix } = require('./platform.js')

/** The module of this system. All packages of one release belong together, and no others. */
function load() {
  const chosen = `${name}-${suffix(current())}`
  if (!Object.hasOwn(optionalDependencies, chosen)) {
    const known = Object.keys(optionalDependencies).map((each) => each.slice(name.length + 1))
    throw new Error(`${name} has no package for ${suffix(current())}. There are: ${known.join(', ')}`)
  }
  const found = installed(chosen)
  if (found !== version) {
    throw new Error(`${name} ${version} needs ${chosen} ${version}, found ${found}. Install both anew`)
  }
  return require(chosen)
}

/** The version of a package that is installed. */
function installed(chosen) {
  try {
    return require(`${chosen}/package.json`).version
  } catch (cause) {
    const mend = `Install ${chosen}@${version}, or install without leaving out optional dependencies`
    throw new Error(`${name} needs the package ${chosen}, and it is not installed. ${mend}`, { cause })
  }
}

// Named one by one, so that `import { PluginValidator }` finds them.
const { LicenseError, PluginValidator, WebhookVerifier, providers } = load()

module.exports = { LicenseError, PluginValidator, WebhookVerifier, providers }
