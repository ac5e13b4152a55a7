import type { Anomaly, AnomalyKind, AnomalySeverity } from './anomaly.ts'
import type { AnomalyContext } from './anomaly-context.ts'
import type { ProcSnapshot } from './proc-snapshot.ts'

const CRASHES: ReadonlySet<string> = new Set(['SIGSEGV', 'SIGABRT', 'SIGBUS', 'SIGILL', 'SIGFPE', 'SIGSYS', 'SIGTRAP'])

/** Of the time, spent held back by a CPU limit. */
const THROTTLED_SHARE = 0.25

/**
 * Whether the OOM killer ended it. Pure. SIGKILL (behind a wrapper: exit 137) and a count of OOM kills that rose: of its own
 * cgroup, `confirmed`; of the machine alone, `probable`. oom_score says nothing here: killed at a cgroup's limit it is low.
 */
export function judgeOomKill({ exitCode, signal, counters }: AnomalyContext): 'confirmed' | 'probable' | null {
  if (signal !== 'SIGKILL' && exitCode !== 137) return null
  const { start, end } = counters ?? {}
  if (rose(start?.oomKillCgroup, end?.oomKillCgroup)) return 'confirmed'
  return rose(start?.oomKillMachine, end?.oomKillMachine) ? 'probable' : null
}

/** The anomalies of an end, which no row shows. Pure. */
export function endingAnomalies(snapshots: readonly ProcSnapshot[], context: AnomalyContext): readonly Anomaly[] {
  const found: Anomaly[] = []
  const last = snapshots.at(-1) ?? null
  const add = (kind: AnomalyKind, severity: AnomalySeverity, detail: string, row: ProcSnapshot | null = last): void => {
    found.push({
      event: 'anomaly',
      kind,
      severity,
      ts: row?.captured_at ?? '',
      seq: row?.seq ?? -1,
      pid: row?.pid ?? 0,
      detail,
      closed_at: null,
      peak: null,
      count: 1,
      snapshot: row,
    })
  }
  const oom = judgeOomKill(context)
  if (oom !== null) add('oom_killed', 'critical', `${oom}: killed for memory`)
  if (CRASHES.has(context.signal ?? '')) add('crash_signal', 'critical', `ended by ${context.signal}`)
  if (context.pidReused === true) add('pid_reused', 'info', 'its number belongs to another process now')
  const { leftovers = [], outcome } = context
  if (leftovers.length > 0) add('leftover_processes', 'warning', `${leftovers.length} processes outlive it`)
  const throttled = (context.counters?.end?.throttledUsec ?? 0) - (context.counters?.start?.throttledUsec ?? 0)
  const lastedUs = last === null ? 0 : (last.mono_ns - (snapshots[0]?.mono_ns ?? 0)) / 1000
  if (lastedUs > 0 && throttled > lastedUs * THROTTLED_SHARE)
    add('starved', 'info', `held back for ${(throttled / 1e6).toFixed(1)} s by a CPU limit`)
  if (outcome !== undefined && outcome.subtype === 'empty_result') {
    // The narrower word wins.
    if (outcome.onlyThinkingInFinalTurn)
      add('thinking_only_final_turn', 'warning', 'nothing but thinking in the last turn', null)
    else if (outcome.outputTokens > 0)
      add('empty_result_with_tokens', 'warning', `${outcome.outputTokens} tokens and no result`, null)
  }
  return found
}

function rose(before: number | null | undefined, after: number | null | undefined): boolean {
  return typeof before === 'number' && typeof after === 'number' && after > before
}
