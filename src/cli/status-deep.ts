/**
 * `afterword status --deep`: a line for each probe, and which signal lies where two disagree. Sends no event. Where consent is off
 * nothing is written, started or asked over the network. Over in 5 s whatever hangs: what can hang is in children that are killed.
 */
import type { Destination } from '../reporter/reporter-task.ts'
import type { Place } from './place.ts'
import { findContradictions } from './probes/contradictions.ts'
import { judgeAll } from './probes/judge-all.ts'
import { platformFacts } from './probes/runtime.ts'
import type { Probe } from './probes/probe.ts'
import { readDeep } from './probes/read-deep.ts'
import type { Contradiction } from './probes/reporter-contradictions.ts'
import { showProbes } from './probes/show-probes.ts'
import { showProgress } from './progress.ts'
import type { Screens } from './screen.ts'

/** What `--deep --json` prints. */
export interface DeepReport {
  readonly probes: readonly Probe[]
  readonly contradictions: readonly Contradiction[]
}

/** Exit code: 1 if a probe failed. `destination`: what was said on the command line. */
export async function statusDeep(
  place: Place,
  { json, destination }: { readonly json: boolean; readonly destination: Partial<Destination> },
  { out, err }: Screens,
): Promise<number> {
  const progress = showProgress(err)
  if (err.isTty) progress.say('looking, at most 5 seconds')
  const seen = await readDeep(place, destination)
  progress.end()
  const groups = judgeAll(seen, platformFacts(), process.env)
  const contradictions = findContradictions(seen)
  const probes = groups.flatMap((group) => group.probes)
  if (json) out.write(`${JSON.stringify({ probes, contradictions } satisfies DeepReport, null, 2)}\n`)
  else out.write(showProbes(groups, contradictions, out))
  return probes.some(({ verdict }) => verdict === 'FAIL') ? 1 : 0
}
