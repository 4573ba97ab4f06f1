'use strict'

const { isUint8Array } = require('node:util/types')
const { argumentError, calling } = require('./errors.js')
const options = require('./options.js')
const native = require('../license-validator.node')

const OPTIONS = {
  window: options.NUMBER,
  publicUrl: options.TEXT,
  now: options.CLOCK,
  verifyToken: options.TEXT,
  allowedOrigins: options.TEXTS,
  allowedRate: options.NUMBER,
  awaited: options.FLAG,
}

/** Verifies the webhooks of one sender. */
class WebhookVerifier {
  #endpoint
  #now

  constructor(provider, secrets, given = {}) {
    if (typeof provider !== 'string') throw argumentError('Wrong argument type. Expected string')
    const { now, ...taken } = options.checked(given, OPTIONS)
    this.#now = options.clock(now)
    for (const name of ['window', 'allowedRate']) whole(name, taken[name])
    const settings = { ...taken, provider, secrets: listed(secrets) }
    this.#endpoint = calling(() => new native.Endpoint(settings))
  }

  /** The largest body that this sender sends, in bytes: read no more than that. */
  get bodyBytesMax() {
    return this.#endpoint.bodyBytesMax
  }

  /** Judges a request: accepted, a reply that is asked for, or refused. */
  verify(request) {
    if (!options.isObject(request)) throw argumentError('Wrong argument type. Expected object')
    const { method = 'POST', url = 'https://localhost/', headers, body } = request
    if (typeof method !== 'string' || typeof url !== 'string') throw argumentError('method, url: expected strings')
    const head = { method: method.toUpperCase(), url, headers: pairs(headers) }
    const now = Math.floor(this.#now())
    if (!Number.isSafeInteger(now)) throw argumentError('Wrong type of option now. Expected seconds since 1970')
    const arrived = bytes(body)
    return calling(() => this.#endpoint.receive(head, arrived, now))
  }
}

/** The secrets with their ids: their places, or the names that they are given. */
function listed(secrets) {
  const named = typeof secrets === 'string' ? [secrets] : secrets
  if (!options.isObject(named)) throw argumentError('secrets: expected a string, an array or an object of strings')
  return Object.entries(named).map(([id, text]) => {
    if (typeof text !== 'string') throw argumentError(`secrets: expected a string as ${id}`)
    return { id, text }
  })
}

/** Headers as a list, from what Node's `http`, `fetch` and frameworks have. */
function pairs(headers) {
  if (!options.isObject(headers)) throw argumentError('headers: expected an object, an array of pairs, or Headers')
  const entries = typeof headers[Symbol.iterator] === 'function' ? [...headers] : Object.entries(headers)
  return entries.flatMap(([name, values]) => {
    if (values === undefined) return []
    return [values].flat().map((value) => {
      if (typeof name !== 'string' || typeof value !== 'string') throw argumentError('headers: expected strings')
      return { name, value }
    })
  })
}

/** The bytes of a body. A parsed one is none: what is signed is what arrived. */
function bytes(body = '') {
  if (typeof body === 'string') return Buffer.from(body)
  if (!isUint8Array(body)) throw argumentError('body: expected the bytes that arrived, a Uint8Array')
  // Others may write to shared memory while it is read.
  return body.buffer instanceof SharedArrayBuffer ? Uint8Array.from(body) : body
}

function whole(name, value = 0) {
  if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) {
    throw argumentError(`Wrong type of option ${name}. Expected a whole number`)
  }
}

module.exports = { WebhookVerifier }
