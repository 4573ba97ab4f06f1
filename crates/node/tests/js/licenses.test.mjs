// Every published vector of license tokens comes out as it says.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LicenseError, PluginValidator } from '../../index.js'
import { licenses, publicKeys } from './vectors.mjs'

function outcome({ call, name, keyset, now, leeway, revoked, token, user_token: license }) {
  const keys = publicKeys(licenses.keysets[keyset])
  const validator = new PluginValidator(name ?? undefined, { keys, now, leeway, revocations: revoked })
  try {
    const first = call === 'verifyPlugin' ? (token === null ? {} : { pluginToken: token }) : token
    return { ok: validator[call](first, license) }
  } catch (error) {
    assert.ok(error instanceof LicenseError && error.name === 'LicenseError', String(error))
    return { ok: false, error: error.code, token: error.token }
  }
}

test('every vector', () => {
  assert.equal(licenses.vectors.length, 174)
  for (const vector of licenses.vectors) assert.deepEqual(outcome(vector), vector.expect, vector.id)
})
