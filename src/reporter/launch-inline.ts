/** The reporter where nothing may be left behind: the same file, waited for. It ends by itself at 1.2 s; at 1.4 s it is ended. */
import { boundedSpawnSync } from '../platform/bounded-spawn.ts'
import type { SpawnRequest } from '../platform/detached-spawn.ts'
import type { LaunchOutcome } from './launch.ts'
import { REPORTER_LIMITS } from './limits.ts'
import { noteInline } from './no-reap.ts'

/** `noReap`: path of the mark whose date keeps such runs a minute apart where PID 1 does not reap. */
export function startInline(request: SpawnRequest, noReap: string): LaunchOutcome {
  noteInline(noReap, Date.now())
  const answer = boundedSpawnSync(request, REPORTER_LIMITS.inlineKillMs)
  return answer.kind === 'exited' ? { kind: 'ran-inline', code: answer.code } : answer
}
