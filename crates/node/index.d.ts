/** Which of the three tokens it is: a license, the token of a plugin, or that of a container. */
export type TokenKind = 'user' | 'plugin' | 'container'

/** Why a token is refused. The list is closed, and its codes are stable. */
export type LicenseErrorCode =
  | 'TOKEN_EMPTY'
  | 'TOKEN_MALFORMED'
  | 'HEADER_INVALID'
  | 'ALG_REJECTED'
  | 'KEY_UNKNOWN'
  | 'SIGNATURE_INVALID'
  | 'ISSUER_INVALID'
  | 'SUBJECT_INVALID'
  | 'EXPIRED'
  | 'NOT_YET_VALID'
  | 'CLAIM_MISSING'
  | 'CLAIM_INVALID'
  | 'CATEGORY_INVALID'
  | 'REVOKED'
  | 'AUDIENCE_MISMATCH'
  | 'CATEGORY_MISMATCH'
  | 'INTERNAL'

/** A token that is refused. Its message never holds a token, a secret or a signature. */
export class LicenseError extends Error {
  private constructor()
  readonly name: 'LicenseError'
  readonly code: LicenseErrorCode
  /** Which token failed; `null` where it takes two. */
  readonly token: TokenKind | null
  /** What was expected, or how to mend it, where there is more to say. */
  readonly hint: string | null
}

/** What is thrown when arguments or options are of another number or type. */
export interface ArgumentError extends TypeError {
  readonly code: 'ARGUMENT'
  readonly token: null
}

/** A public key as JWK (RFC 7517), or a shared secret. */
export interface LicenseKey {
  kty: 'OKP' | 'EC' | 'oct'
  crv?: string
  x?: string
  y?: string
  k?: string
  kid?: string
  alg?: 'EdDSA' | 'Ed25519' | 'ES256' | 'HS512'
  /** `active` unless set. A retired key verifies what it signed before, a revoked one refuses it. */
  status?: 'active' | 'retired' | 'revoked'
  [member: string]: unknown
}

/** What is revoked: the signed list, the file that holds it, or ids that the caller trusts. */
export interface RevocationOptions {
  /** `optional` unless set: no list is fine. `required`: without one, or once it has ended, every check fails. */
  mode?: 'off' | 'optional' | 'required'
  list?: string
  file?: string
  /** The number of the list that was seen last; an older one is refused. */
  seen?: number
  /** Revoked tokens. */
  jti?: string[]
  /** Revoked keys. */
  kid?: string[]
}

export interface ValidatorOptions {
  /** A JWK set, a JWK (as an object or as JSON), or a public key in PEM. */
  keys?: { keys: LicenseKey[] } | LicenseKey | string
  /** A file with the same; without either, the file that `COUNTERSIGN_LICENSE_KEYSET` names, or what was built in. */
  keysFile?: string
  /** `iss` of every token; `sakuli.io` unless set. */
  issuer?: string
  /** `sub` of each kind of token; `sakuli_user` and so on unless set. */
  subjects?: { user?: string; plugin?: string; container?: string; revocation?: string }
  /** By how many seconds two clocks may differ: 0 to 300, 0 unless set. */
  leeway?: number
  /** The time in seconds since 1970, or a clock that shows it; the system's unless set. */
  now?: number | (() => number)
  /** A signed list, or more; without any, the list in the file that `COUNTERSIGN_LICENSE_REVOCATIONS` names. */
  revocations?: string | RevocationOptions
  /** The customer that the license must name. */
  expectedCustomer?: string
  /** Whether a plugin without a token is refused; it is open unless set. */
  requireToken?: boolean
}

/** What a verified token says; times in seconds since 1970. */
export interface Claims {
  verified: true
  kind: TokenKind
  /** Of a license the customer, of the others the plugin or image: one or more names. */
  audience: string[]
  /** The sum of the categories: S is 1, M 2, L 4, XL 8. */
  category: number
  notBefore?: number
  expires?: number
  issuedAt?: number
  id?: string
  contractEnds?: number
  keyId?: string
}

/** What a token says. Nothing of it is believed. */
export interface InspectedToken {
  verified: false
  header: Record<string, unknown>
  claims: Record<string, unknown>
}

/** Compares the token of a plugin or a container with a license. */
export class PluginValidator {
  /**
   * @param name the name of the package or image; without one, no token is accepted
   * @throws {ArgumentError} options that cannot be
   */
  constructor(name?: string, options?: ValidatorOptions)

  /**
   * Whether a plugin may be activated: it has no export `pluginToken`, or one that is for this name and fits the license.
   *
   * @returns `true`
   * @throws {LicenseError} why not
   */
  verifyPlugin(plugin: object, userToken: string): boolean

  /**
   * Whether a container may run.
   *
   * @returns `true`
   * @throws {LicenseError} why not
   */
  verifyEnvironment(environmentToken: string, userToken: string): boolean

  /**
   * One token by itself.
   *
   * @throws {LicenseError} why it is refused
   */
  verifyToken(kind: TokenKind, token: string): Claims

  /**
   * What a token says, without any check but of its form.
   *
   * @throws {LicenseError} what cannot be decoded
   */
  inspectToken(token: string): InspectedToken

  /** The version of this module. */
  readonly version: string
}

/** The names of the senders of webhooks that are known. */
export const providers: readonly string[]

export interface WebhookOptions {
  /** How far a signed time may lie from now, in seconds, instead of the sender's own figure. */
  window?: number
  /** The address that the sender knows, where it is signed and another one arrives here. */
  publicUrl?: string
  /** The time in seconds since 1970, or a clock that shows it; the system's unless set. */
  now?: number | (() => number)
  /** The token with which a sender asks to be let in. */
  verifyToken?: string
  /** The origins that may send, where a sender asks. */
  allowedOrigins?: string[]
  /** How many requests a minute a sender may send, where it asks. */
  allowedRate?: number
  /** Whether the first request may bring the secret. */
  awaited?: boolean
}

export interface WebhookRequest {
  /** `POST` unless set. */
  method?: string
  /** Scheme, host, path and query, where the sender signs them or has its secret in them. */
  url?: string
  headers:
    | Record<string, string | readonly string[] | undefined>
    | Iterable<readonly [string, string | readonly string[]]>
  /** The bytes exactly as they arrived; a string is taken as UTF-8. */
  body?: Uint8Array | string
}

/** The answer that a sender waits for: `response.writeHead(reply.status, reply.headers).end(reply.body)`. */
export interface WebhookReply {
  status: number
  headers: Record<string, string>
  body: Uint8Array
}

export interface WebhookEvent {
  /** The provider's name, a full stop, and the event's name exactly as it was sent: `github.push`. */
  type: string
  /** The sender's own id of the delivery. */
  deliveryId?: string
  subject?: { kind: string; collection: string; id: string }
  /** The same again is the same delivery, repeated. Absent where the sender offers nothing to tell by. */
  replayKey?: string
}

/** A believed request. */
export interface AcceptedWebhook {
  outcome: 'accepted'
  /** How it was proven: `hmac-sha256`, `ed25519`, `token` and so on. */
  scheme: string
  /** The id of the secret that matched: its name, or its place in the list. */
  secretId: string
  /** The signed time in seconds since 1970, where there is one. */
  signedAt?: number
  events: WebhookEvent[]
  reply: WebhookReply
}

/** A ping or a handshake: it only wants this answer. */
export interface AnsweredWebhook {
  outcome: 'reply'
  reply: WebhookReply
  /** What follows besides: a secret to be kept, or an address to be visited. */
  effect?: { kind: 'store-secret' | 'visit-subscribe-url'; value: string }
}

/** A request that is not believed. Strangers may learn `reason` and `status`; the rest is for the log. */
export interface RefusedWebhook {
  outcome: 'refused'
  /** A stable code, such as `signature-mismatch`. */
  reason: string
  /** The HTTP status that answers it. */
  status: number
  /** What was expected and what was found. */
  detail: string
  /** How to mend it. */
  mend: string
}

export type JudgedWebhook = AcceptedWebhook | AnsweredWebhook | RefusedWebhook

/** Verifies the webhooks of one sender. */
export class WebhookVerifier {
  /**
   * @param provider one of `providers`
   * @param secrets one secret, several while they are rolled, or several by name; any one may match
   * @throws {ArgumentError} a secret or an option that cannot be
   */
  constructor(provider: string, secrets: string | readonly string[] | Record<string, string>, options?: WebhookOptions)

  /** Judges a request. A refusal is an outcome, not an error. */
  verify(request: WebhookRequest): JudgedWebhook

  /** The largest body that this sender sends, in bytes: read no more than that. */
  readonly bodyBytesMax: number
}
