/** The story that the demo plays: eight commands of one user, and everything that can be seen of each from outside. */
import type { StoredEvent } from '../collector/collector.ts'
import { readIdentity } from '../identity/identity-file.ts'
import { type JournalEntry, readJournal } from '../spool/journal.ts'
import { comesTrue, type DemoWorld, type Ended, PATIENCE_MS } from './demo-world.ts'
import type { Progress } from './progress.ts'
import { readUnfinished, readWaiting } from './waiting.ts'

export interface Step {
  /** What the user did. */
  readonly did: string
  readonly words: readonly string[]
  readonly optedOut?: true
  /** Exit code or signal, as without telemetry. */
  readonly ends: number | string
  /** How many events it makes; those of a killed command come with a later reporter. */
  readonly events: number
}

export const STEPS: readonly Step[] = [
  { did: 'toolkit run saw', words: ['toolkit', 'run', 'saw'], ends: 0, events: 1 },
  { did: 'login', words: ['login', '--key', 'key-alice'], ends: 0, events: 2 },
  { did: 'toolkit run', words: ['toolkit', 'run'], ends: 0, events: 1 },
  { did: 'fail', words: ['fail'], ends: 1, events: 1 },
  { did: 'crash (SIGKILL)', words: ['crash'], ends: 'SIGKILL', events: 1 },
  { did: 'toolkit run (off)', words: ['toolkit', 'run'], optedOut: true, ends: 0, events: 0 },
  { did: 'logout', words: ['logout'], ends: 0, events: 1 },
  { did: 'toolkit run', words: ['toolkit', 'run'], ends: 0, events: 1 },
]

export const OPTED_OUT: Readonly<Record<string, string>> = { ACME_USAGE_TRACKING: '0' }

export interface StepPlayed {
  readonly step: Step
  readonly ended: Ended
  /** In the order of arrival. */
  readonly events: readonly StoredEvent[]
}

export interface Story {
  readonly steps: readonly StepPlayed[]
  /** The opted-out command changed nothing in the whole home, and the collector heard nothing meanwhile. */
  readonly optOut: { readonly sameFiles: boolean; readonly sameEvents: boolean }
  readonly anonId: { readonly atFirst: string | null; readonly atLast: string | null }
}

/** What is true of everything that was run, the measured commands included. */
export interface Ledger {
  readonly collected: readonly StoredEvent[]
  readonly journal: readonly JournalEntry[]
  readonly waiting: number
  readonly unfinished: number
}

export async function playStory(world: DemoWorld, progress: Progress): Promise<Story> {
  const played: { step: Step; ended: Ended; startedMs: number }[] = []
  let optOut = { sameFiles: false, sameEvents: false }
  let atFirst: string | null = null
  let patienceMs = PATIENCE_MS
  for (const [index, step] of STEPS.entries()) {
    progress.say(
      `step ${index + 1} of ${STEPS.length}: acme ${step.words.join(' ')}${step.optedOut ? ', opted out' : ''}`,
    )
    if (step.optedOut) {
      await world.quiet()
      const before = { files: world.snapshot(), events: world.events().length }
      played.push({ step, startedMs: Date.now(), ended: await world.acme(step.words, OPTED_OUT) })
      await world.quiet()
      optOut = { sameFiles: world.snapshot() === before.files, sameEvents: world.events().length === before.events }
      continue
    }
    const startedMs = Date.now()
    played.push({ step, startedMs, ended: await world.acme(step.words) })
    atFirst ??= anonIdOf(world)
    if (step.ends === 'SIGKILL') continue
    const came = await comesTrue(() => eventsSince(world, startedMs).length >= step.events, patienceMs)
    if (!came) patienceMs = 1000 // something is broken: the checks will say what, and soon
  }
  progress.say('waiting for the reporter of the killed command')
  const expected = STEPS.reduce((sum, { events }) => sum + events, 0)
  await comesTrue(() => eventsSince(world, 0).length >= expected, patienceMs)
  const steps = played.map(({ step, ended, startedMs }, index) => ({
    step,
    ended,
    events: eventsSince(world, startedMs, played[index + 1]?.startedMs),
  }))
  return { steps, optOut, anonId: { atFirst, atLast: anonIdOf(world) } }
}

export function readLedger(world: DemoWorld): Ledger {
  return {
    collected: world.events(),
    journal: readJournal(world.layout.journal),
    waiting: readWaiting(world.layout).length,
    unfinished: readUnfinished(world.layout).length,
  }
}

function anonIdOf(world: DemoWorld): string | null {
  const file = readIdentity(world.layout.usage)
  return file.kind === 'identity' ? file.identity.anon_id : null
}

/** Recorded from then on (UUIDv7 holds the moment; an alias has its timestamp), whenever it arrived. */
function eventsSince(world: DemoWorld, fromMs: number, toMs = Number.POSITIVE_INFINITY): readonly StoredEvent[] {
  return world.events().filter((event) => {
    const ms = recordedMs(event)
    return ms >= fromMs && ms < toMs
  })
}

function recordedMs({ uuid, timestamp }: StoredEvent): number {
  return uuid[14] === '7' ? Number.parseInt(uuid.slice(0, 8) + uuid.slice(9, 13), 16) : Date.parse(timestamp)
}
