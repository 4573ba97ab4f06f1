'use strict'

const { version } = require('../package.json')
const { LicenseError, argumentError, calling, unknownFailure } = require('./errors.js')
const options = require('./options.js')
const native = require('../license-validator.node')

const OPTIONS = {
  keys: options.TEXT_OR_OBJECT,
  keysFile: options.TEXT,
  issuer: options.TEXT,
  subjects: options.OBJECT,
  leeway: options.NUMBER,
  now: options.CLOCK,
  revocations: options.TEXT_OR_OBJECT,
  expectedCustomer: options.TEXT,
  requireToken: options.FLAG,
}
const SUBJECTS = { user: options.TEXT, plugin: options.TEXT, container: options.TEXT, revocation: options.TEXT }
const REVOCATIONS = {
  mode: options.TEXT,
  list: options.TEXT,
  file: options.TEXT,
  seen: options.NUMBER,
  jti: options.TEXTS,
  kid: options.TEXTS,
}

/** Stands for a plugin's token that is no string: nothing that could be a token. */
const NO_TOKEN = '?'

/** Compares the token of a plugin or a container with a license. */
class PluginValidator {
  #name
  #now
  #validator

  constructor(name, given) {
    const taken = options.checked(options.isObject(given) ? given : {}, OPTIONS)
    this.#name = typeof name === 'string' ? name : undefined
    this.#now = options.clock(taken.now)
    const settings = { ...taken, keys: keys(taken), revocations: revocations(taken.revocations) }
    if (taken.subjects) settings.subjects = options.checked(taken.subjects, SUBJECTS, 'subjects.')
    this.#validator = calling(() => new native.Validator(settings), (cause) => unknownFailure(null, cause))
  }

  /** The version of this module. */
  get version() {
    return version
  }

  /** Whether the plugin may be activated: `true`, or it throws why not. */
  verifyPlugin(plugin, userToken) {
    PluginValidator.#invoked(this)
    counted(arguments, 2)
    if (!options.isObject(plugin)) throw argumentError('Wrong argument type. Expected object')
    strings(userToken)
    const token = pluginToken(plugin)
    this.#judged('plugin', (now) => this.#validator.checkPlugin(this.#name, token, userToken, now))
    return true
  }

  /** Whether the container may run: `true`, or it throws why not. */
  verifyEnvironment(environmentToken, userToken) {
    PluginValidator.#invoked(this)
    counted(arguments, 2)
    strings(environmentToken, userToken)
    const check = (now) => this.#validator.checkContainer(this.#name, environmentToken, userToken, now)
    this.#judged('container', check)
    return true
  }

  /** What a token says, checked by itself. Throws why it is refused. */
  verifyToken(kind, token) {
    PluginValidator.#invoked(this)
    counted(arguments, 2)
    strings(kind, token)
    return { verified: true, ...this.#judged(kind, (now) => this.#validator.verify(kind, token, now)) }
  }

  /** What a token says, without any check but of its form. Throws if it has none. */
  inspectToken(token) {
    PluginValidator.#invoked(this)
    counted(arguments, 1)
    strings(token)
    const { header, claims } = this.#judged(null, () => native.inspect(token))
    return { verified: false, header: JSON.parse(header), claims: JSON.parse(claims) }
  }

  /** What the check finds; a refusal is thrown. */
  #judged(token, check) {
    const now = this.#now()
    const found = calling(() => check(now), (cause) => unknownFailure(token, cause))
    if (found?.code) throw new LicenseError(found)
    return found
  }

  static #invoked(validator) {
    if (!options.isObject(validator) || !(#validator in validator)) throw argumentError('Illegal invocation')
  }
}

/** The text of the keys, from the first place that has any; what was built in is the last, and needs no text. */
function keys({ keys, keysFile }) {
  if (keys !== undefined) return typeof keys === 'string' ? keys : JSON.stringify(keys)
  if (keysFile !== undefined) return options.text(keysFile, 'keysFile')
  const path = options.variable('COUNTERSIGN_LICENSE_KEYSET')
  return path && options.text(path, 'COUNTERSIGN_LICENSE_KEYSET')
}

/** What is revoked: as it is given, or else the list in the file that the environment names. */
function revocations(given = {}) {
  const taken = typeof given === 'string' ? { list: given } : options.checked(given, REVOCATIONS, 'revocations.')
  const { file, ...rest } = taken
  if (file !== undefined) return { ...rest, list: options.text(file, 'revocations.file').trim() }
  const path = options.variable('COUNTERSIGN_LICENSE_REVOCATIONS')
  const isGiven = taken.mode === 'off' || taken.list !== undefined || taken.jti || taken.kid
  return isGiven || !path ? rest : { ...rest, list: options.text(path, 'COUNTERSIGN_LICENSE_REVOCATIONS').trim() }
}

function counted({ length }, expected) {
  if (length !== expected) throw argumentError(`Wrong number of arguments. Expected ${expected} but got ${length}`)
}

function strings(...values) {
  if (values.some((value) => typeof value !== 'string')) throw argumentError('Wrong argument type. Expected string')
}

/** The token that a plugin carries; none if it has no such property at all. It is read once. */
function pluginToken(plugin) {
  try {
    if (!('pluginToken' in plugin)) return undefined
    const token = plugin.pluginToken
    return typeof token === 'string' ? token : NO_TOKEN
  } catch (cause) {
    throw unknownFailure('plugin', cause)
  }
}

module.exports = { PluginValidator }
