/** What was seen, made up: one reporter, three seconds old. */
import type { HolderFacts, LastRun, LockFacts } from '../../../src/cli/probes/reporter-facts.ts'
import type { SpoolFacts } from '../../../src/cli/probes/spool-facts.ts'

export const NOW: number = new Date(2026, 10, 20, 14, 3, 22).getTime()
export const PID = 4242

export function ago(ms: number): string {
  return new Date(NOW - ms).toISOString()
}

export function holder(
  more: Partial<HolderFacts> & { readonly pid?: number; readonly boot?: string } = {},
): HolderFacts {
  const { pid = PID, boot = 'boot', ...facts } = more
  const instance = { pid, start_ticks: 7, boot_id: boot, pid_namespace: 'ns', host_name: 'host' }
  return {
    recorded: instance,
    verdict: 'alive',
    now: { state: 'S', startTicks: 7 },
    ageMs: 3000,
    here: { ...instance, boot_id: 'boot' },
    ...facts,
  }
}

export function lock(more: Partial<LockFacts> = {}): LockFacts {
  return { kind: 'file', ageMs: 3000, content: { token: 't' }, holder: null, ...more }
}

export function run(more: Partial<Extract<LastRun, { kind: 'run' }>> = {}): LastRun {
  return {
    kind: 'run',
    pid: PID,
    end: 'running',
    startedAt: ago(3000),
    at: ago(3000),
    accepted: 0,
    rejected: 0,
    requests: 0,
    processLives: false,
    ...more,
  }
}

export function spool(more: Partial<SpoolFacts> = {}): SpoolFacts {
  return {
    waiting: [],
    foreign: 0,
    begun: [],
    unpublished: [],
    tornBegun: 0,
    journal: [],
    journalUnreadable: null,
    journalThere: false,
    ...more,
  }
}
