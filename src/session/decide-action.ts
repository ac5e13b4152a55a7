import type { Termination } from './termination.ts'

/** `drain_then_kill`: the work is done, so the workload gets `completionDrainMs` to leave by itself. */
export type TerminationAction = 'none' | 'drain_then_kill' | 'kill'

/** What is to be done about a workload whose session ended so. Pure; kill.ts does it. */
export function decideAction(termination: Termination): TerminationAction {
  switch (termination) {
    case 'natural_exit':
    case 'signaled':
    case 'oom_killed':
    case 'spawn_failed':
      return 'none' // nobody is there
    case 'tracer_lost':
    case 'crashed':
    case 'reboot':
      return 'none' // somebody else's session: a recoverer does not kill what a user started
    case 'completed':
      return 'drain_then_kill'
    case 'timed_out':
    case 'cancelled':
    case 'idle_stall':
    case 'stale':
      return 'kill'
  }
}
