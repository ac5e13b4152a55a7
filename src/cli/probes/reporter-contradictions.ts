/** Where the lock, the last word of a reporter and the operating system cannot all be right: the operating system is. Pure. */
import { REPORTER_LIMITS } from '../../reporter/limits.ts'
import { clockTime } from '../in-words.ts'
import { fateOf, isStaleAge, seconds, whyGone } from './judge-reporter.ts'
import type { ReporterFacts } from './reporter-facts.ts'

/** One that lies, by the name of its probe or file, and the sentence that says so. */
export interface Contradiction {
  readonly lies: string
  readonly because: string
}

export function reporterContradictions(facts: ReporterFacts, nowMs: number): readonly Contradiction[] {
  return [...ofLock(facts, nowMs), ...ofLastRun(facts, nowMs)]
}

function ofLock({ lock }: ReporterFacts, nowMs: number): Contradiction[] {
  const { holder, ageMs } = lock
  if (holder === null) return []
  const { pid } = holder.recorded
  const lies = 'reporter.lock'
  if (holder.verdict === 'gone' && !isStaleAge(ageMs)) {
    const until = clockTime(new Date(nowMs - ageMs + REPORTER_LIMITS.lockStaleMs).toISOString(), nowMs)
    const believed = `Commands believe the lock until ${until}, and start no reporter.`
    return [{ lies, because: `it says that a reporter is at work, but ${whyGone(holder)}. ${believed}` }]
  }
  if (holder.verdict === 'gone')
    return [
      {
        lies,
        because: `it names a reporter, but ${whyGone(holder)}. It is too old to be believed, and in nobody's way.`,
      },
    ]
  if (holder.verdict === 'alive' && isStaleAge(ageMs))
    return [
      {
        lies,
        because: `by its age of ${seconds(ageMs)} its reporter is dead, but pid ${pid} lives. The next command ends it.`,
      },
    ]
  return []
}

function ofLastRun({ lock, lastRun }: ReporterFacts, nowMs: number): Contradiction[] {
  const fate = fateOf(lastRun, lock.holder, nowMs)
  if (lastRun.kind !== 'run') return []
  const lies = 'reporter.json'
  if (fate === 'killed')
    return [
      {
        lies,
        because: `it says that pid ${lastRun.pid} is running, but nobody lives: it was killed before it could write how it ended.`,
      },
    ]
  const isAtWork =
    lock.holder?.verdict === 'alive' && lock.holder.recorded.pid === lastRun.pid && isStaleAge(lock.ageMs)
  return fate === 'done' && isAtWork
    ? [{ lies, because: `it says that pid ${lastRun.pid} ended, but that process still lives and holds the lock.` }]
    : []
}
