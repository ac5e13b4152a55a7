/**
 * A run at one destination, as a value: how it begins, what comes to it, and the small steps that delivery.ts's decisions are made
 * of. Pure.
 */
import { type BackoffEntry, isWaiting, type Moment, withoutSuspects } from './backoff.ts'
import { REPORTER_LIMITS } from './limits.ts'
import { byAge, type WaitingFile } from './waiting-files.ts'

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

export function halve(state: DeliveryState): DeliveryState {
  return { ...state, size: Math.max(1, Math.floor(state.asked.length / 2)) }
}

export function stop(state: DeliveryState, backoff: BackoffEntry | null): DeliveryState {
  return { ...state, stopped: true, backoff }
}

export function done(state: DeliveryState): DeliveryState {
  return { ...state, asked: [] }
}

export function leaveOut(state: DeliveryState, files: readonly WaitingFile[]): DeliveryState {
  const others = (file: WaitingFile): boolean => !files.includes(file)
  return { ...done(state), queue: state.queue.filter(others), dueSuspects: state.dueSuspects.filter(others) }
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
