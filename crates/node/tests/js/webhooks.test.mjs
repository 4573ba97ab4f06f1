// Webhooks: the published vectors of every sender, and what a request may look like.

import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { WebhookVerifier, providers } from '../../index.js'
import { webhooks } from './vectors.mjs'

const SECRET = 'a secret'
const BODY = '{"ref":"refs/heads/main"}'
const SIGNED = {
  'X-GitHub-Event': 'push',
  'X-Hub-Signature-256': `sha256=${createHmac('sha256', SECRET).update(BODY).digest('hex')}`,
}
const github = new WebhookVerifier('github', SECRET)

function outcome({ provider, secrets, config, clock, method, url, headers, body }) {
  const named = Object.entries(config.keys ?? {}).map(([name, secret]) => `${name}:${secret}`)
  const options = {
    window: config.tolerance_seconds,
    publicUrl: config.public_url,
    verifyToken: config.verify_token,
    allowedOrigins: config.allowed_origins,
    allowedRate: config.allowed_rate,
    awaited: config.awaiting_handshake,
    now: clock,
  }
  try {
    const verifier = new WebhookVerifier(provider, [...secrets, ...named], options)
    return verifier.verify({ method, url, headers, body })
  } catch (error) {
    assert.equal(error.code, 'ARGUMENT', error)
    return { outcome: 'refused', reason: 'misconfigured' }
  }
}

const OUTCOMES = { accept: 'accepted', answer: 'reply', refuse: 'refused' }

test('every vector of a sender that is known', () => {
  const whole = webhooks.filter(({ profile, scope }) => profile === 'modern' && scope === 'request')
  const known = whole.filter(({ provider }) => providers.includes(provider))
  assert.ok(known.length > 250, `${known.length} of ${whole.length}`)
  for (const vector of known) {
    const { verdict, reason, events, status, effect } = vector.expect
    const judged = outcome(vector)
    assert.equal(judged.outcome, OUTCOMES[verdict], vector.id)
    if (reason) assert.equal(judged.reason, reason, vector.id)
    if (status && judged.reason !== 'misconfigured') assert.equal(judged.status ?? judged.reply.status, status, vector.id)
    if (effect) assert.equal(judged.effect.kind, effect, vector.id)
    if (events) {
      const names = judged.events.map(({ type }) => type.slice(vector.provider.length + 1))
      assert.deepEqual(names.filter((name) => name !== 'event'), events, vector.id)
    }
  }
})

test('a believed request', () => {
  const headers = { ...SIGNED, 'X-GitHub-Delivery': 'd-1' }
  const { replayKey, ...event } = github.verify({ headers, body: BODY }).events[0]
  assert.deepEqual(event, { type: 'github.push', deliveryId: 'd-1' })
  assert.match(replayKey, /^[0-9a-f]{32}$/)
  const judged = github.verify({ headers, body: Buffer.from(BODY) })
  assert.deepEqual([judged.outcome, judged.scheme, judged.secretId], ['accepted', 'hmac-sha256', '0'])
  assert.equal(judged.reply.status, 204)
  assert.ok(judged.reply.body instanceof Uint8Array)
})

test('a request that is not believed says why, and never what would have been right', () => {
  const judged = github.verify({ headers: SIGNED, body: `${BODY} ` })
  assert.deepEqual(Object.keys(judged).sort(), ['detail', 'mend', 'outcome', 'reason', 'status'])
  assert.deepEqual([judged.outcome, judged.reason, judged.status], ['refused', 'signature-mismatch', 401])
  const right = createHmac('sha256', SECRET).update(`${BODY} `).digest('hex')
  assert.ok(!JSON.stringify(judged).includes(right) && !JSON.stringify(judged).includes(SECRET))
})

test('any one of several secrets may match, by its name', () => {
  const rolled = new WebhookVerifier('github', { new: 'another', old: SECRET })
  assert.equal(rolled.verify({ headers: SIGNED, body: BODY }).secretId, 'old')
})

test('headers come in every form that Node has', () => {
  const lower = Object.fromEntries(Object.entries(SIGNED).map(([name, value]) => [name.toLowerCase(), value]))
  for (const headers of [SIGNED, lower, Object.entries(SIGNED), new Headers(SIGNED), new Map(Object.entries(SIGNED))]) {
    assert.equal(github.verify({ headers, body: BODY }).outcome, 'accepted')
  }
  const absent = { ...SIGNED, 'x-other': undefined, 'set-cookie': ['a', 'b'] }
  assert.equal(github.verify({ headers: absent, body: BODY }).outcome, 'accepted')
  const twice = { ...SIGNED, 'X-Hub-Signature-256': [SIGNED['X-Hub-Signature-256'], 'sha256=00'] }
  assert.equal(github.verify({ headers: twice, body: BODY }).reason, 'repeated-header')
})

test('a body is what arrived, and nothing that was parsed', () => {
  const shared = new Uint8Array(new SharedArrayBuffer(BODY.length))
  shared.set(Buffer.from(BODY))
  assert.equal(github.verify({ headers: SIGNED, body: shared }).outcome, 'accepted')
  const wide = Buffer.from(`xx${BODY}xx`).subarray(2, 2 + BODY.length)
  assert.equal(github.verify({ headers: SIGNED, body: wide }).outcome, 'accepted')
  for (const body of [JSON.parse(BODY), null, 7, new Uint16Array(2), new DataView(new ArrayBuffer(2))]) {
    assert.throws(() => github.verify({ headers: SIGNED, body }), { code: 'ARGUMENT', message: /Uint8Array/ })
  }
})

test('what cannot be set up says so', () => {
  for (const [args, message] of [
    [['nobody', SECRET], /none has the name "nobody"/],
    [['paypal', SECRET], /none has the name "paypal"/],
    [['github', []], /needs a secret/],
    [['github', ''], /secret/],
    [['github', [7]], /expected a string as 0/],
    [['github', undefined], /expected a string, an array/],
    [['github', SECRET, { window: 5 }], /signs no time/],
    [['slack', SECRET, { window: 0.5 }], /window. Expected a whole number/],
    [['github', SECRET, { windows: 5 }], /Unknown option windows/],
    [['github', SECRET, null], /Expected an object/],
    [[7, SECRET], /Expected string/],
  ]) {
    assert.throws(() => new WebhookVerifier(...args), { name: 'TypeError', code: 'ARGUMENT', message }, String(args))
  }
  assert.throws(() => github.verify(), { code: 'ARGUMENT' })
  assert.throws(() => github.verify({ body: BODY }), { code: 'ARGUMENT', message: /headers/ })
  assert.throws(() => github.verify({ headers: { a: '\u{20ac}' } }), { code: 'ARGUMENT', message: /no byte/ })
})
