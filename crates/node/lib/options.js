'use strict'

const { readFileSync } = require('node:fs')
const { argumentError } = require('./errors.js')

/** The kinds of values that options have: a test, and what it asks for. */
const TEXT = [(value) => typeof value === 'string', 'a string']
const FLAG = [(value) => typeof value === 'boolean', 'true or false']
const NUMBER = [(value) => typeof value === 'number', 'a number']
const TEXTS = [(value) => Array.isArray(value) && value.every((each) => typeof each === 'string'), 'an array of strings']
const OBJECT = [(value) => isObject(value) && !Array.isArray(value), 'an object']
const TEXT_OR_OBJECT = [(value) => TEXT[0](value) || OBJECT[0](value), 'a string or an object']
const CLOCK = [(value) => typeof value === 'number' || typeof value === 'function', 'a number or a function']

/** Whether a value can have members. */
function isObject(value) {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}

/** The given options, each held against its kind. One that nobody knows is an error: it was meant to do something. */
function checked(given, kinds, place = '') {
  if (!isObject(given)) throw argumentError('Wrong type of options. Expected an object')
  const taken = {}
  for (const name of Object.keys(given)) {
    if (given[name] === undefined) continue
    if (!Object.hasOwn(kinds, name)) {
      throw argumentError(`Unknown option ${place}${name}. Known are ${Object.keys(kinds).join(', ')}`)
    }
    const [holds, expected] = kinds[name]
    if (!holds(given[name])) throw argumentError(`Wrong type of option ${place}${name}. Expected ${expected}`)
    taken[name] = given[name]
  }
  return taken
}

/** The text of a file that an option or a variable names. */
function text(path, place) {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw argumentError(`${place}: expected a file that can be read at ${path}: ${cause.code ?? cause.message}`)
  }
}

/** The value of a variable of the environment; an empty one is none. */
function variable(name) {
  return process.env[name] || undefined
}

/** A clock that shows seconds since 1970. */
function clock(now) {
  if (now === undefined) return () => Date.now() / 1000
  const shown = typeof now === 'function' ? now : () => now
  return () => {
    const seconds = shown()
    if (typeof seconds !== 'number') throw argumentError('Wrong type of option now. Expected seconds since 1970')
    return seconds
  }
}

module.exports = { TEXT, FLAG, NUMBER, TEXTS, OBJECT, TEXT_OR_OBJECT, CLOCK, checked, clock, isObject, text, variable }
