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
import { type Answer, type EventResult, judgeAnswer, oneLine } from './answer.ts'
import {
  afterAccepted,
  afterFailure,
  afterLoneFailure,
  afterPause,
  beforeFirstRequest,
  type Moment,
  withoutSuspects,
} from './backoff.ts'
import { type DeliveryState, done, halve, leaveOut, stop } from './delivery-state.ts'
import { REPORTER_LIMITS } from './limits.ts'
import { byAge, type WaitingFile } from './waiting-files.ts'

/** `kept`: stays and is sent again, now or later. `suspect`: stays, and waits by itself. */
export interface Verdict {
  readonly uuid: string
  readonly verdict: EventResult['verdict'] | 'suspect'
  readonly reason?: string
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

function keep(state: DeliveryState, reason: string): AfterAnswer {
  return { state: done(state), verdicts: state.asked.map(({ uuid }) => ({ uuid, verdict: 'kept', reason })) }
}

function suspect(state: DeliveryState, { uuid }: WaitingFile, reason: string): AfterAnswer {
  return { state: done(state), verdicts: [{ uuid, verdict: 'suspect', reason }] }
}

function rejectAll(files: readonly WaitingFile[], reason: string): readonly EventResult[] {
  return files.map(({ uuid }) => ({ uuid, verdict: 'rejected', reason }))
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
