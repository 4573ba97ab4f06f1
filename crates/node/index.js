'use strict'

const { LicenseError } = require('./lib/errors.js')
const { PluginValidator } = require('./lib/plugin-validator.js')
const { WebhookVerifier } = require('./lib/webhook-verifier.js')
const { providers: names } = require('./license-validator.node')

/** The names of the senders of webhooks that are known. */
const providers = Object.freeze(names())

module.exports = { LicenseError, PluginValidator, WebhookVerifier, providers }
