// A program as its author writes it: what is right compiles, and what is wrong does not.

import { createPublicKey } from 'node:crypto'
import { createServer } from 'node:http'
import path from 'node:path'
import {
  type ArgumentError,
  LicenseError,
  type LicenseErrorCode,
  type LicenseKey,
  PluginValidator,
  WebhookVerifier,
  providers,
} from '@countersign/license-validator'

const key: LicenseKey = { kty: 'OKP', crv: 'Ed25519', x: 'AA', kid: 'ed-2025' }
const fromPem = { ...createPublicKey('pem').export({ format: 'jwk' }), kty: 'OKP', kid: 'ed-2025' } as const
const validator = new PluginValidator('a', { keys: { keys: [key, fromPem] }, now: () => 1, revocations: { jti: ['a'] } })
new PluginValidator()
new PluginValidator(undefined, { keys: key, revocations: 'a list', requireToken: true })

try {
  const activated: boolean = validator.verifyPlugin(path, 'a license')
  console.log(activated, validator.verifyEnvironment('a token', 'a license'))
} catch (error) {
  if (error instanceof LicenseError) {
    const code: LicenseErrorCode = error.code
    const name: 'LicenseError' = error.name
    console.log(name, code, error.token === 'user', error.hint?.length)
  } else if (error instanceof TypeError) {
    console.log((error as ArgumentError).code)
  }
}
const expires: number | undefined = validator.verifyToken('user', 'a token').expires
console.log(expires, validator.inspectToken('a token').claims.iss, validator.version, providers[0])

const verifier = new WebhookVerifier('github', { new: 'a secret', old: 'another' }, { publicUrl: 'https://host/' })
createServer((request, response) => {
  const judged = verifier.verify({ method: request.method, url: request.url, headers: request.headers, body: '' })
  switch (judged.outcome) {
    case 'accepted':
      console.log(judged.secretId, judged.signedAt, judged.events[0]?.type)
      return response.writeHead(judged.reply.status, judged.reply.headers).end(judged.reply.body)
    case 'reply':
      console.log(judged.effect?.kind)
      return response.writeHead(judged.reply.status, judged.reply.headers).end(judged.reply.body)
    case 'refused':
      console.log(judged.detail, judged.mend)
      return response.writeHead(judged.status).end(judged.reason)
  }
})
verifier.verify({ headers: new Headers(), body: new Uint8Array() })
verifier.verify({ headers: [['a', 'b']] })

// @ts-expect-error: a plugin is an object
validator.verifyPlugin('a', 'a license')
// @ts-expect-error: no option has this name
new PluginValidator('a', { requiretoken: true })
// @ts-expect-error: there are three kinds
validator.verifyToken('other', 'a token')
// @ts-expect-error: nobody but the module makes one
new LicenseError()
// @ts-expect-error: a body is what arrived
verifier.verify({ headers: {}, body: { parsed: true } })
