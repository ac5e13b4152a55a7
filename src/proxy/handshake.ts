/**
 * The HTTP side of a WebSocket, both ways. The client's own key travels to the browser, so the browser's acceptance is the client's.
 * Extensions are not offered: what a browser deflates cannot be counted, and is slower (docs/proxy.md).
 */
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { DialTarget } from './dial-target.ts'

const LONGEST_ANSWER_BYTES = 16 * 1024

export interface Offer {
  readonly key: string
  readonly protocols: string | undefined
  readonly deflate: boolean
}

/** What a client offers, or `undefined` when it does not ask for a WebSocket as RFC 6455 has it. */
export function readOffer(request: IncomingMessage): Offer | undefined {
  const { headers } = request
  const key = headers['sec-websocket-key']
  if (request.method !== 'GET' || headers.upgrade?.toLowerCase() !== 'websocket') return undefined
  if (headers['sec-websocket-version'] !== '13' || key === undefined || !/^[+/0-9A-Za-z]{22}==$/.test(key))
    return undefined
  return {
    key,
    protocols: headers['sec-websocket-protocol'],
    deflate: (headers['sec-websocket-extensions'] ?? '').includes('permessage-deflate'),
  }
}

/** The request to the browser. Its Host is the browser's own address: Chromium refuses names. */
export function encodeRequest(target: DialTarget, offer: Offer): string {
  const host = target.host.includes(':') ? `[${target.host}]` : target.host
  return headOf(`GET ${target.path} HTTP/1.1`, [
    ['Host', `${host}:${target.port}`],
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
    ['Sec-WebSocket-Version', '13'],
    ['Sec-WebSocket-Key', offer.key],
    ['Sec-WebSocket-Protocol', offer.protocols],
  ])
}

/** The 101 to the client. */
export function encodeAcceptance(offer: Offer, protocol: string | undefined): string {
  return headOf('HTTP/1.1 101 Switching Protocols', [
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
    ['Sec-WebSocket-Accept', acceptOf(offer.key)],
    ['Sec-WebSocket-Protocol', protocol],
  ])
}

/** A refusal with a status and a text, on a socket that is still HTTP. */
export function encodeRefusal(status: number, title: string, text: string): string {
  const body = `${text}\n`
  return `${headOf(`HTTP/1.1 ${status} ${title}`, [
    ['Content-Type', 'text/plain; charset=utf-8'],
    ['Content-Length', String(Buffer.byteLength(body))],
    ['Connection', 'close'],
  ])}${body}`
}

export type BrowserAnswer =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'accepted'; readonly protocol: string | undefined; readonly headBytes: number }
  | { readonly kind: 'refused'; readonly text: string }

/** Reads what the browser has answered so far. `headBytes` is where its frames begin. */
export function parseAnswer(received: Buffer, offer: Offer): BrowserAnswer {
  const end = received.indexOf('\r\n\r\n')
  if (end < 0 && received.length < LONGEST_ANSWER_BYTES) return { kind: 'incomplete' }
  const [status = '', ...lines] = received.toString('latin1', 0, Math.max(end, 0)).split('\r\n')
  const headers = new Map(
    lines.map((line) => line.split(/:\s*/, 2)).map(([name = '', value = '']) => [name.toLowerCase(), value]),
  )
  if (!/^HTTP\/1\.1 101\b/.test(status)) return { kind: 'refused', text: status.slice(0, 100) || 'no HTTP' }
  if (headers.get('sec-websocket-accept') !== acceptOf(offer.key))
    return { kind: 'refused', text: 'a wrong acceptance' }
  if (headers.has('sec-websocket-extensions')) return { kind: 'refused', text: 'an extension that nobody offered' }
  return { kind: 'accepted', protocol: headers.get('sec-websocket-protocol'), headBytes: end + 4 }
}

function acceptOf(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
}

function headOf(first: string, headers: readonly (readonly [string, string | undefined])[]): string {
  const lines = headers.flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]))
  return `${[first, ...lines].join('\r\n')}\r\n\r\n`
}
