/**
 * What to send next to one destination, and what became of what was sent. Pure: drain.ts asks {@link nextRequest}, sends, and
 * tells {@link afterAnswer}; every state is a value, and `state.backoff` is what backoff.json must say at that moment.
 *
 * Ordinarily a batch is everything that waits, oldest first, and the first failure ends the run for this destination. Refused
 * contents (400, 413) are halved until the event to blame is alone, and then rejected.
 *
 * Poison. An event on which the server breaks (500, hang, reset) must not block the others, and must not be mistaken for an
 * outage. After three failures in a row the run is **careful**: the files are shuffled once, batches are taken from the front and
 * begin with one. Accepted doubles the size 1, 2, 4 …; trouble halves it. An event in trouble alone, where another was accepted
 * since the last such, is a **suspect**: it leaves the batches and waits by itself. Due suspects are tried alone, after everything
 * else, and no more of them once one failed. The eighth lone failure beside an accepted event rejects it.
 *
 * Bound: every request settles or sets aside at least one file, or halves the size, or ends the run; sizes grow only when something
 * is accepted. So a run over n files makes at most {@link requestsMax} = 2n + 8 requests.
 */
import type { Envelope } from '../events/envelope.ts'
import { type Answer, type EventResult, judgeAnswer, oneLine } from './answer.ts'
import {
  afterAccepted,
  afterFailure,
  afterLoneFailure,
  afterPause,
  type Backoff,
  type BackoffEntry,
  beforeFirstRequest,
  destinationKey,
  isWaiting,
  type Moment,
  withoutSuspects,
} from './backoff.ts'
import { REPORTER_LIMITS } from './limits.ts'

export interface WaitingFile {
  readonly uuid: string
  /** Of the envelope, ISO. */
  readonly timestamp: string
  /** A `$create_alias`, which goes before whatever it concerns. */
  readonly alias: boolean
  /** As encoded on disk; the wire's differs by less than its tenth. */
  readonly bytes: number
}

export interface Destination {
  /** Of backoff.json. */
  readonly key: string
  readonly host: string
  readonly apiKey: string
  readonly files: readonly WaitingFile[]
}

/** `kept`: stays and is sent again, now or later. `suspect`: stays, and waits by itself. */
export interface Verdict {
  readonly uuid: string
  readonly verdict: EventResult['verdict'] | 'suspect'
  readonly reason?: string
}

export interface DeliveryState {
  /** What backoff.json must say for this destination now; `null`: nothing. */
  readonly backoff: BackoffEntry | null
  /** The same without the failure that is written in advance of an answer. */
  readonly settledBackoff: BackoffEntry | null
  /** In the order of sending. */
  readonly queue: readonly WaitingFile[]
  /** Their wait is over: tried alone, last. */
  readonly dueSuspects: readonly WaitingFile[]
  /** Every uuid seen in this run, so that a file listed twice is not sent twice. */
  readonly seen: ReadonlySet<string>
  /** How many events the next batch may have. */
  readonly size: number
  readonly careful: boolean
  /** An event was accepted since the last suspicion: trouble with one alone is then its own doing. */
  readonly evidence: boolean
  /** The server gave an exact answer in this run: a failure need not be written in advance any more. */
  readonly answered: boolean
  /** Under way. */
  readonly asked: readonly WaitingFile[]
  readonly stopped: boolean
}

/** Envelopes by destination: those without failures first, then by age. Aliases first, then oldest first. */
export function planDestinations(
  waiting: readonly { readonly envelope: Envelope; readonly bytes: number }[],
  backoff: Backoff,
): readonly Destination[] {
  const byKey = new Map<string, Destination & { readonly files: WaitingFile[] }>()
  for (const { envelope, bytes } of waiting) {
    const key = destinationKey(envelope.host, envelope.api_key)
    const destination = byKey.get(key) ?? { key, host: envelope.host, apiKey: envelope.api_key, files: [] }
    byKey.set(key, destination)
    const { uuid, timestamp } = envelope
    destination.files.push({ uuid, timestamp, alias: envelope.event === '$create_alias', bytes })
  }
  const failures = ({ key }: Destination): number => backoff[key]?.failures ?? 0
  return [...byKey.values()]
    .map((destination) => ({ ...destination, files: destination.files.sort(byAge) }))
    .sort((a, b) => failures(a) - failures(b) || byAge(a.files[0] as WaitingFile, b.files[0] as WaitingFile))
}

/** `files`: what is to be sent in this pass. Suspects without a file are not forgotten before their file must be gone, too. */
export function startDelivery(
  files: readonly WaitingFile[],
  entry: BackoffEntry | undefined | null,
  moment: Moment,
): DeliveryState {
  const oldestMs = moment.nowMs - REPORTER_LIMITS.suspectMemoryMs
  const settledBackoff = withoutSuspects(entry ?? null, (_, { not_before }) => Date.parse(not_before) < oldestMs)
  const suspects = settledBackoff?.suspects ?? {}
  const careful =
    settledBackoff !== null &&
    (settledBackoff.careful === true || settledBackoff.failures >= REPORTER_LIMITS.carefulAfterFailures)
  const queue = files.filter(({ uuid }) => suspects[uuid] === undefined)
  return {
    backoff: settledBackoff,
    settledBackoff,
    queue: careful ? shuffle(queue, moment.random) : queue.toSorted(byAge),
    dueSuspects: files.filter(({ uuid }) => {
      const suspect = suspects[uuid]
      return suspect !== undefined && !isWaiting(suspect, moment.nowMs)
    }),
    seen: new Set(files.map(({ uuid }) => uuid)),
    size: careful ? 1 : REPORTER_LIMITS.batchEventsMax,
    careful,
    evidence: false,
    answered: false,
    asked: [],
    stopped: false,
  }
}

/** Files that came during the run. Those already seen, whatever became of them, are ignored. */
export function addFiles(state: DeliveryState, files: readonly WaitingFile[]): DeliveryState {
  const added = files.filter(({ uuid }) => !state.seen.has(uuid))
  if (added.length === 0) return state
  return {
    ...state,
    queue: [...state.queue, ...added.toSorted(byAge)],
    seen: new Set([...state.seen, ...added.map(({ uuid }) => uuid)]),
  }
}

export interface NextRequest {
  /** Its `backoff` is to be on disk before the request starts. */
  readonly state: DeliveryState
  /** In the order of the wire. */
  readonly uuids: readonly string[]
}

/** `null` when there is nothing (more) to do here in this run. */
export function nextRequest(state: DeliveryState, moment: Moment): NextRequest | null {
  if (state.stopped) return null
  const suspect = state.queue.length === 0 ? state.dueSuspects[0] : undefined
  const asked = suspect === undefined ? takeBatch(state.queue, state.size).toSorted(byAge) : [suspect]
  if (asked.length === 0) return null
  const { settledBackoff } = state
  const backoff =
    suspect !== undefined
      ? afterLoneFailure(settledBackoff, suspect.uuid, state.evidence, moment)
      : state.answered
        ? settledBackoff
        : beforeFirstRequest(settledBackoff, moment)
  return { state: { ...state, asked, backoff }, uuids: asked.map(({ uuid }) => uuid) }
}

export interface AfterAnswer {
  readonly state: DeliveryState
  /** One for each uuid asked, in that order. */
  readonly verdicts: readonly Verdict[]
}

/** `state` is the one {@link nextRequest} returned. */
export function afterAnswer(state: DeliveryState, answer: Answer, moment: Moment): AfterAnswer {
  const { asked, settledBackoff } = state
  const judgement = judgeAnswer(
    answer,
    asked.map(({ uuid }) => uuid),
  )
  switch (judgement.kind) {
    case 'settled':
      return settle(state, judgement.results, judgement.retryAfterMs, moment)
    case 'unacceptable': {
      if (asked.length > 1) return keep(halve(state), judgement.reason)
      return settle(state, rejectAll(asked, judgement.reason), null, moment)
    }
    case 'troubled':
      return trouble(state, judgement.reason, moment)
    case 'unavailable': {
      const failure = { reason: judgement.reason, retryAfterMs: judgement.retryAfterMs }
      return keep(stop(state, afterFailure(settledBackoff, failure, moment)), judgement.reason)
    }
    case 'paused': {
      const refusal = { reason: judgement.reason, retryAfterMs: judgement.retryAfterMs }
      return keep(stop(state, afterPause(settledBackoff, refusal, moment)), judgement.reason)
    }
    case 'cut-short': {
      const cut = { reason: judgement.reason, retryAfterMs: null }
      const proved = state.answered || state.dueSuspects.includes(asked[0] as WaitingFile)
      const backoff = proved ? settledBackoff : afterFailure(settledBackoff, cut, moment)
      return keep(stop(state, backoff), judgement.reason)
    }
  }
}

/** See the bound above. */
export function requestsMax(files: number): number {
  return 2 * files + 8
}

function settle(
  state: DeliveryState,
  results: readonly EventResult[],
  retryAfterMs: number | null,
  moment: Moment,
): AfterAnswer {
  const accepted = results.some(({ verdict }) => verdict === 'accepted')
  const kept = results.some(({ verdict }) => verdict === 'kept')
  const exact = results.some(({ verdict }) => verdict !== 'kept')
  const settled = new Set(results.filter(({ verdict }) => verdict !== 'kept').map(({ uuid }) => uuid))
  const rest = leaveOut(state, state.asked)
  // Nothing but an accepted event makes batches grow: that is what bounds the requests.
  const size = accepted ? Math.min(state.size * 2, REPORTER_LIMITS.batchEventsMax) : state.size
  const careful = state.careful && rest.queue.length > 0 && size < REPORTER_LIMITS.batchEventsMax
  const remembered = withoutSuspects(state.settledBackoff, (uuid) => settled.has(uuid))
  const settledBackoff = exact ? afterAccepted(remembered, careful) : state.settledBackoff
  const next: DeliveryState = {
    ...rest,
    size,
    careful,
    settledBackoff,
    backoff: settledBackoff,
    evidence: state.evidence || accepted,
    answered: state.answered || exact,
  }
  if (!kept) return { state: next, verdicts: results }
  const failure = { reason: 'asked to send again', retryAfterMs }
  return { state: stop(next, afterFailure(settledBackoff, failure, moment)), verdicts: results }
}

/** No usable answer, and what we sent may be the cause. */
function trouble(state: DeliveryState, reason: string, moment: Moment): AfterAnswer {
  const { asked, settledBackoff, evidence } = state
  const alone = asked.length === 1 ? (asked[0] as WaitingFile) : null
  if (alone !== null && state.dueSuspects.includes(alone)) {
    const backoff = afterLoneFailure(settledBackoff, alone.uuid, evidence, moment)
    const failures = backoff.suspects?.[alone.uuid]?.failures ?? 0
    if (evidence && failures >= REPORTER_LIMITS.loneFailuresMax) {
      const rejected = rejectAll(asked, oneLine(`failed alone ${failures} times: ${reason}`))
      return settle({ ...state, dueSuspects: [alone] }, rejected, null, moment)
    }
    return suspect({ ...state, dueSuspects: [], settledBackoff: backoff, backoff }, alone, reason)
  }
  if (state.careful && evidence) {
    if (alone === null) return keep(halve(state), reason)
    const careful = state.queue.length > 1
    const backoff = afterLoneFailure(afterAccepted(settledBackoff, careful), alone.uuid, true, moment)
    return suspect(
      { ...leaveOut(state, asked), careful, settledBackoff: backoff, backoff, evidence: false },
      alone,
      reason,
    )
  }
  return keep(stop(state, afterFailure(settledBackoff, { reason, retryAfterMs: null }, moment)), reason)
}

function halve(state: DeliveryState): DeliveryState {
  return { ...state, size: Math.max(1, Math.floor(state.asked.length / 2)) }
}

function stop(state: DeliveryState, backoff: BackoffEntry | null): DeliveryState {
  return { ...state, stopped: true, backoff }
}

function keep(state: DeliveryState, reason: string): AfterAnswer {
  return { state: done(state), verdicts: state.asked.map(({ uuid }) => ({ uuid, verdict: 'kept', reason })) }
}

function suspect(state: DeliveryState, { uuid }: WaitingFile, reason: string): AfterAnswer {
  return { state: done(state), verdicts: [{ uuid, verdict: 'suspect', reason }] }
}

function rejectAll(files: readonly WaitingFile[], reason: string): readonly EventResult[] {
  return files.map(({ uuid }) => ({ uuid, verdict: 'rejected', reason }))
}

function done(state: DeliveryState): DeliveryState {
  return { ...state, asked: [] }
}

function leaveOut(state: DeliveryState, files: readonly WaitingFile[]): DeliveryState {
  const others = (file: WaitingFile): boolean => !files.includes(file)
  return { ...done(state), queue: state.queue.filter(others), dueSuspects: state.dueSuspects.filter(others) }
}

/** From the front, at least one, at most `size` and a request's bytes. */
function takeBatch(queue: readonly WaitingFile[], size: number): readonly WaitingFile[] {
  let bytes = 0
  const end = queue.slice(0, size).findIndex((file, index) => {
    bytes += file.bytes
    return index > 0 && bytes > REPORTER_LIMITS.batchBytesMax
  })
  return queue.slice(0, end === -1 ? size : end)
}

/** Aliases, then by moment of recording; UUIDv7 decides within a millisecond. */
function byAge(a: WaitingFile, b: WaitingFile): number {
  if (a.alias !== b.alias) return a.alias ? -1 : 1
  return compare(a.timestamp, b.timestamp) || compare(a.uuid, b.uuid)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Fisher and Yates. */
function shuffle<T>(items: readonly T[], random: () => number): readonly T[] {
  const shuffled = [...items]
  for (let last = shuffled.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    ;[shuffled[last], shuffled[other]] = [shuffled[other] as T, shuffled[last] as T]
  }
  return shuffled
}
