/** What the reporter's lock, its process and its last word amount to. Pure. */
import { REPORTER_LIMITS } from '../../reporter/limits.ts'
import { clockTimeAgo, counted } from '../in-words.ts'
import { type Probe, probe } from './probe.ts'
import type { HolderFacts, LastRun, LockFacts } from './reporter-facts.ts'

/** A reporter that has not signed by then hangs before its first line, or never came up; a loaded machine needs about a second. */
const SIGNED_WITHIN_MS = 4000

export function isStaleAge(ageMs: number): boolean {
  return ageMs > REPORTER_LIMITS.lockStaleMs || ageMs < -REPORTER_LIMITS.lockFutureMs
}

export function judgeReporterLock({ kind, ageMs, content, holder }: LockFacts): Probe {
  const name = 'reporter.lock'
  if (kind === 'absent') return probe(name, 'PASS', 'not held: the next command starts a reporter')
  const age = seconds(ageMs)
  if (kind === 'not-a-file')
    return probe(
      name,
      'WARN',
      `no plain file, ${age} old: moved aside once it is ${seconds(REPORTER_LIMITS.lockStaleMs)} old`,
    )
  if (ageMs < -REPORTER_LIMITS.lockFutureMs)
    return probe(name, 'WARN', `dated ${seconds(-ageMs)} ahead: a clock was wrong. The next command takes it over.`)
  const next = isStaleAge(ageMs)
    ? 'The next command takes it over.'
    : `No command starts another for ${seconds(REPORTER_LIMITS.lockStaleMs - ageMs)}.`
  if (content === null) return probe(name, 'WARN', `${age} old, and its content cannot be understood. ${next}`)
  if (holder === null)
    return ageMs <= SIGNED_WITHIN_MS
      ? probe(name, 'PASS', `made ${age} ago; the reporter it is for is still starting`)
      : probe(
          name,
          'FAIL',
          `made ${age} ago, and no reporter ever signed it: it was killed, or hangs before its first line. ${next}`,
        )
  const { pid } = holder.recorded
  switch (holder.verdict) {
    case 'alive':
      return isStaleAge(ageMs)
        ? probe(
            name,
            'FAIL',
            `held by pid ${pid} for ${age}, longer than a reporter may live. The next command ends it.`,
          )
        : probe(name, 'PASS', `held for ${age} by pid ${pid}, which lives`)
    case 'gone':
      return probe(name, 'FAIL', `made ${age} ago and held by pid ${pid}, which is gone. ${next}`)
    case 'unknown':
      return probe(name, 'WARN', `held for ${age} by pid ${pid} of another machine or container. ${next}`)
  }
}

export function judgeReporterProcess(holder: HolderFacts | null): Probe {
  const name = 'process'
  if (holder === null) return probe(name, 'n/a', 'no lock names one')
  const { recorded, now, ageMs, verdict } = holder
  switch (verdict) {
    case 'alive': {
      const details = [
        ...(now === null || now.state === '?' ? [] : [`state ${now.state}`]),
        ...(ageMs === null ? [] : [`${seconds(ageMs)} old`]),
        ...(now === null || now.startTicks === null ? [] : ['same start ticks and boot']),
      ]
      const stopped = now?.state === 'T' || now?.state === 't'
      return stopped
        ? probe(name, 'FAIL', `pid ${recorded.pid} lives but is stopped: ${details.join(', ')}`)
        : probe(name, 'PASS', `pid ${recorded.pid} lives: ${details.join(', ')}`)
    }
    case 'gone':
      return probe(name, 'FAIL', whyGone(holder))
    case 'unknown':
      return probe(
        name,
        'WARN',
        `pid ${recorded.pid} is of another machine or container (${recorded.host_name ?? 'unnamed'}): not to be judged from here`,
      )
  }
}

/** `pid 123 is another process now: it started at tick 9, the recorded one at tick 7` */
export function whyGone({ recorded, now, here }: HolderFacts): string {
  const { pid } = recorded
  if (recorded.boot_id !== here.boot_id) return `pid ${pid} was of an earlier boot of this machine`
  if (now === null) return `there is no pid ${pid}`
  if (now.state === 'Z' || now.state === 'X')
    return `pid ${pid} is dead (state ${now.state}), only its parent has not noticed`
  return `pid ${pid} is another process now: it started at tick ${now.startTicks}, the reporter at tick ${recorded.start_ticks}`
}

/** How the last run stands: `overdue` lives longer than the box allows. */
export type Fate = 'none' | 'torn' | 'done' | 'at-work' | 'overdue' | 'killed' | 'unknown'

export function fateOf(run: LastRun, holder: HolderFacts | null, nowMs: number): Fate {
  if (run.kind !== 'run') return run.kind === 'absent' ? 'none' : 'torn'
  if (run.end !== 'running') return 'done'
  const isOver = nowMs - Date.parse(run.startedAt) > REPORTER_LIMITS.exitMs + REPORTER_LIMITS.lockFutureMs
  const named = holder?.recorded.pid === run.pid ? holder.verdict : run.processLives ? 'alive' : 'gone'
  if (named === 'gone') return 'killed'
  if (named === 'unknown') return isOver ? 'killed' : 'unknown'
  return isOver ? 'overdue' : 'at-work'
}

export function judgeLastRun(run: LastRun, fate: Fate, nowMs: number): Probe {
  const name = 'last run'
  if (run.kind !== 'run' || fate === 'none' || fate === 'torn')
    return fate === 'torn'
      ? probe(name, 'WARN', 'reporter.json cannot be understood; the next reporter writes it anew')
      : probe(name, 'n/a', 'no reporter has run here so far')
  const began = `pid ${run.pid}, began ${clockTimeAgo(run.startedAt, nowMs)}`
  switch (fate) {
    case 'done': {
      const { accepted, rejected } = run
      return probe(
        name,
        'PASS',
        `pid ${run.pid} ended by itself ${clockTimeAgo(run.at, nowMs)}: ${accepted} accepted, ${rejected} rejected, ${counted(run.requests, 'request')}`,
      )
    }
    case 'at-work':
      return probe(name, 'PASS', `at work: ${began}`)
    case 'overdue':
      return probe(
        name,
        'FAIL',
        `${began}, and lives although ${seconds(REPORTER_LIMITS.exitMs)} are over: stopped, or without its box`,
      )
    case 'killed':
      return probe(
        name,
        'FAIL',
        `killed: ${began}, and gone without a last word. What was not acknowledged is sent again.`,
      )
    case 'unknown':
      return probe(name, 'WARN', `${began}, on another machine or in another container`)
  }
}

/** `0.4 s`, `12 s`, then as everywhere. */
export function seconds(ms: number): string {
  const value = Math.max(0, ms) / 1000
  return value < 10 ? `${value.toFixed(1)} s` : value < 600 ? `${Math.round(value)} s` : `${Math.round(value / 60)} min`
}
