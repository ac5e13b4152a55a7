/**
 * One POST and what exactly came back. The one deadline covers DNS, connect, TLS, headers and body, and its timer stays ref'd:
 * posthog-node's own is not, and without a handle of ours the process would end in the middle, in silence. Whatever happens the
 * promise resolves, and after anything but a whole answer no socket remains.
 */
import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { type Answer, type NoAnswerReason, oneLine, parseRetryAfter } from './answer.ts'
import { REPORTER_LIMITS } from './limits.ts'
import type { Connections } from './proxy-tunnel.ts'

export interface Terms {
  readonly connections: Connections
  readonly limitMs: number
  /** What it means when `limitMs` is over: the server was too slow, or we had less time than any server deserves. */
  readonly whenOver: 'timeout' | 'aborted'
  /** Aborting leaves at once, with `aborted`. */
  readonly signal?: AbortSignal
}

/** Redirects are not followed: they are answers like any other. */
export function exchange(
  url: string,
  headers: OutgoingHttpHeaders,
  body: string | Buffer,
  terms: Terms,
): Promise<Answer> {
  return new Promise((resolve) => {
    const { connections, signal } = terms
    let request: ClientRequest | undefined
    let partial: (() => Answer | null) | undefined
    let isSettled = false

    const settle = (answer: Answer, isWhole = false): void => {
      if (isSettled) return
      isSettled = true
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      if (!isWhole) {
        request?.destroy()
        connections.close() // also a tunnel that is still being dug, which no request owns yet
      }
      resolve(answer)
    }
    const leave = (reason: NoAnswerReason): void => settle(partial?.() ?? { kind: 'no-answer', reason })
    const onAbort = (): void => leave('aborted')
    const timer = setTimeout(() => leave(terms.whenOver), terms.limitMs)
    if (signal?.aborted) return onAbort()
    signal?.addEventListener('abort', onAbort)

    const start = (isSecondTry: boolean): void => {
      try {
        request = connections.request('POST', new URL(url), { ...headers, 'content-length': Buffer.byteLength(body) })
      } catch (error) {
        return settle(noAnswer(error))
      }
      const mine = request
      mine.on('error', (error) => {
        // The server closed an idle connection in the very moment we took it up: nobody saw this request (Node's documented race).
        const isStale = mine.reusedSocket && partial === undefined && codeOf(error) === 'ECONNRESET'
        if (isStale && !isSettled && !isSecondTry) return start(true)
        settle(partial?.() ?? noAnswer(error))
      })
      mine.on('close', () => {
        if (request === mine) settle(partial?.() ?? { kind: 'no-answer', reason: 'reset' })
      })
      mine.on('response', (response) => {
        partial = readAnswer(response, settle)
      })
      mine.end(body)
    }
    start(false)
  })
}

/**
 * Calls `settle` with the whole answer; returns what there is of it, should it be cut off: `null` where the missing body is what
 * counts (2xx). Where it says nothing (anything but 2xx, 400, 413) the status is the whole answer, however slowly the rest drips.
 */
function readAnswer(
  response: IncomingMessage,
  settle: (answer: Answer, isWhole?: boolean) => void,
): () => Answer | null {
  const status = response.statusCode ?? 0
  const isSuccess = status >= 200 && status < 300
  const chunks: Buffer[] = []
  let bytes = 0
  const soFar = (): Answer => {
    const text = Buffer.concat(chunks).subarray(0, REPORTER_LIMITS.answerBytesMax).toString('utf8')
    const retryAfterMs = parseRetryAfter(response.headers['retry-after'], Date.now())
    return { kind: 'response', status, retryAfterMs, body: parseJson(text), text: oneLine(text) }
  }
  const partial = (): Answer | null => (isSuccess ? null : soFar())
  response.on('error', (error) => settle(partial() ?? noAnswer(error))) // the connection broke inside the body
  if (!isSuccess && status !== 400 && status !== 413) settle(soFar())
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes > REPORTER_LIMITS.answerBytesMax) settle(soFar())
  })
  response.on('end', () => settle(soFar(), true))
  return partial
}

function noAnswer(error: unknown): Answer {
  const code = codeOf(error)
  return { kind: 'no-answer', reason: reasonOf(code), ...(code === undefined ? {} : { code }) }
}

function codeOf(error: unknown): string | undefined {
  const code = typeof error === 'object' && error !== null ? (error as { code?: unknown }).code : undefined
  return typeof code === 'string' ? code : undefined
}

const REFUSED = /^(?:ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENETDOWN|EADDRNOTAVAIL|EACCES|EPERM|PROXY_.*)$/
const RESET = /^(?:ECONNRESET|ECONNABORTED|EPIPE|ERR_STREAM_PREMATURE_CLOSE)$/
/** OpenSSL's verification results, as Node spells them, and its own. */
const TLS =
  /^(?:EPROTO|ERR_TLS_.*|ERR_SSL_.*|CERT_.*|UNABLE_TO_.*|SELF_SIGNED_.*|DEPTH_ZERO_.*|HOSTNAME_MISMATCH|INVALID_(?:CA|PURPOSE)|CRL_.*)$/

function reasonOf(code: string | undefined): NoAnswerReason {
  if (code === undefined) return 'other'
  if (code === 'ENOTFOUND' || code.startsWith('EAI_')) return 'dns'
  if (code === 'ETIMEDOUT') return 'timeout'
  if (REFUSED.test(code)) return 'refused'
  if (RESET.test(code)) return 'reset'
  return TLS.test(code) ? 'tls' : 'other'
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null // not JSON is a fact like any other: see Answer.body
  }
}
