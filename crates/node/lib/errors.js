'use strict'

/** A token that is refused: `code` is one of a closed list, `token` says which token it was. */
class LicenseError extends Error {
  constructor({ code, message, token, hint }, options) {
    super(message, options)
    this.code = code
    this.token = token ?? null
    this.hint = hint ?? null
  }
}
// On the prototype, as `Error` itself has it: it is not listed among what an error holds.
Object.defineProperty(LicenseError.prototype, 'name', { value: 'LicenseError', configurable: true, writable: true })

/** A call with arguments of another number or type. */
function argumentError(message) {
  return Object.assign(new TypeError(message), { code: 'ARGUMENT', token: null })
}

/** Calls into the library. Settings that cannot be are the caller's fault; whatever else it throws is ours. */
function calling(call, ours = (cause) => cause) {
  try {
    return call()
  } catch (cause) {
    throw cause.code === 'InvalidArg' ? argumentError(cause.message) : ours(cause)
  }
}

/** What should not happen. */
function unknownFailure(token, cause) {
  return new LicenseError({ code: 'INTERNAL', message: 'Unknown failure', token }, { cause })
}

module.exports = { LicenseError, argumentError, calling, unknownFailure }
