/**
 * Asking the host who is signed in. The answer may be there at once, come later, or have to be fetched; a login waits for it within
 * its box, everything else takes it only if it is there when the command ends.
 */
import { type PrincipalId, parsePrincipalId } from '../identity/identity.ts'
import { boundedSpawnSync, killableSpawn } from '../platform/bounded-spawn.ts'
import { spawnRequest } from '../reporter/launch.ts'
import { REPORTER_LIMITS } from '../reporter/limits.ts'
import type { PrincipalAnswer, PrincipalLookUp, PrincipalSource } from './tracker-options.ts'

export interface LookUp {
  /** ISO: when it began. */
  readonly askedAt: string
  /** The credential a fetched look-up was made with. */
  readonly credential: string | null
  /** What is known now; `pending` while nobody can say. */
  readonly answer: PrincipalId | null | 'pending'
  /** Resolves when the answer is known, or after `timeoutMs` with what is known then. Holds the event loop. */
  within(timeoutMs: number): Promise<PrincipalId | null | 'pending'>
  /** For 'exit': blocks, only if the look-up is ours to make. */
  nowWithin(timeoutMs: number): PrincipalId | null | 'pending'
  /** Tells the host's `signal`, kills the child. */
  abort(): void
}

/**
 * Calls the host's function once. Never throws; whatever is wrong is null.
 */
export function startLookUp(
  source: PrincipalSource,
  lookUpFile: string,
  how: {
    /** Whether a fetched look-up with this credential has failed a short while ago; it is not begun then. */
    readonly isTooSoon?: (credential: string) => boolean
    /** Only `nowWithin` will be asked: no child is started before it. */
    readonly blocking?: boolean
  } = {},
): LookUp {
  const askedAt = new Date().toISOString()
  const controller = new AbortController()
  let answer: LookUp['answer'] = 'pending'
  let request: PrincipalLookUp | null = null
  let asked: string | null = null
  let child: ReturnType<typeof killableSpawn> = null
  const waiting: (() => void)[] = []
  const settle = (value: unknown): void => {
    if (answer !== 'pending') return
    answer = parsePrincipalId(value)
    for (const wake of waiting) wake()
  }
  const take = (value: PrincipalAnswer): void => {
    if (!isLookUp(value)) return settle(value)
    const credential = credentialOf(value)
    if (credential === null || how.isTooSoon?.(credential) === true) return settle(null)
    request = value
    asked = credential
    if (how.blocking === true) return
    const options = lookUpRequest(lookUpFile)
    child = killableSpawn(options)
    if (child === null) return settle(null)
    let text = ''
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      if (text.length < ANSWER_LENGTH_MAX) text += chunk
    })
    child.on('close', () => settle(readAnswer(value, text)))
    child.stdin?.end(JSON.stringify({ url: value.url, credential }))
    holdLoop(child, false)
  }
  try {
    const value = source({ signal: controller.signal })
    if (isThenable(value)) value.then(take, () => settle(null))
    else take(value)
  } catch {
    settle(null) // the host's own function: its errors are not our user's
  }
  return {
    askedAt,
    get credential() {
      return asked
    },
    get answer() {
      return answer
    },
    async within(timeoutMs) {
      if (answer !== 'pending') return answer
      if (child !== null) holdLoop(child, true)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.max(0, timeoutMs))
        waiting.push(() => {
          clearTimeout(timer)
          resolve()
        })
      })
      return answer
    },
    nowWithin(timeoutMs) {
      if (answer !== 'pending' || request === null) return answer
      const credential = credentialOf(request)
      if (credential === null) return null
      const input = JSON.stringify({ url: request.url, credential })
      const reply = boundedSpawnSync(lookUpRequest(lookUpFile), timeoutMs, input)
      if (reply.kind === 'exited') settle(readAnswer(request, reply.stdout))
      return answer
    },
    abort() {
      controller.abort()
      child?.kill('SIGKILL')
    },
  }
}

const ANSWER_LENGTH_MAX = 64 * 1024

function lookUpRequest(lookUpFile: string): ReturnType<typeof spawnRequest> {
  return spawnRequest(lookUpFile, { role: 'look-up', boxMs: REPORTER_LIMITS.lookUpMs })
}

function readAnswer(look: PrincipalLookUp, text: string): unknown {
  try {
    const body: unknown = JSON.parse(text)
    return look.read === undefined
      ? (body as { data?: { principal_id?: unknown } }).data?.principal_id
      : look.read(body)
  } catch {
    return null // not JSON (the child prints nothing on 401 or 500), or a `read` that throws
  }
}

function credentialOf(look: PrincipalLookUp): string | null {
  try {
    const credential = typeof look.credential === 'function' ? look.credential() : look.credential
    return typeof credential === 'string' && credential !== '' ? credential : null
  } catch {
    return null
  }
}

/** A child that is merely hoped for must not keep the host alive. */
function holdLoop(child: NonNullable<ReturnType<typeof killableSpawn>>, hold: boolean): void {
  for (const handle of [child, child.stdin, child.stdout] as ({ ref?: () => void; unref?: () => void } | null)[])
    if (hold) handle?.ref?.()
    else handle?.unref?.()
}

function isLookUp(value: unknown): value is PrincipalLookUp {
  return typeof value === 'object' && value !== null && typeof (value as { url?: unknown }).url === 'string'
}

function isThenable(value: unknown): value is Promise<PrincipalAnswer> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}
