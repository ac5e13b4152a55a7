/** Whose events these are: the project key ("token", "api_key") of a capture request. Pure. Any well-formed key is a project. */
import { isAscii } from 'node:buffer'
import type { JsonObject } from './json-object.ts'

export type ProjectToken =
  | { readonly kind: 'token'; readonly token: string }
  /** Answered with 401. */
  | { readonly kind: 'refused'; readonly reason: string }

/** The batch's own token, else the one that all events which carry any agree on. */
export function findToken(events: readonly JsonObject[], batch: JsonObject | undefined): ProjectToken {
  const own = batch && tokenOf(batch)
  if (own !== undefined) return checkToken(own)
  const tokens = new Set(events.map((event) => tokenOf(event)).filter((token) => token !== undefined))
  if (tokens.size > 1) return { kind: 'refused', reason: 'batch submitted with inconsistent api_key values' }
  const [token] = tokens
  return token === undefined ? { kind: 'refused', reason: 'event submitted without an api_key' } : checkToken(token)
}

function tokenOf(carrier: JsonObject): string | undefined {
  const properties = carrier['properties'] as JsonObject | undefined
  const token = carrier['token'] ?? carrier['$token'] ?? carrier['api_key'] ?? properties?.['token']
  return typeof token === 'string' ? token : undefined
}

const TOKEN_BYTES_MAX = 64

function checkToken(given: string): ProjectToken {
  const token = given.trim() // a newline copied along with the key is forgiven
  const reason = malformed(token)
  return reason === undefined
    ? { kind: 'token', token }
    : { kind: 'refused', reason: `API key is not valid: ${reason}` }
}

function malformed(token: string): string | undefined {
  if (token === '') return 'empty'
  if (Buffer.byteLength(token) > TOKEN_BYTES_MAX) return 'too_long'
  if (!isAscii(Buffer.from(token))) return 'not_ascii'
  if (token.startsWith('phx_')) return 'personal_api_key'
  return token.includes('\0') ? 'null_byte' : undefined
}
