/** One thing that `status --deep` looked at, what it found, and how sure that makes one. */

/**
 * `PASS` it is as it should be. `FAIL` it is not, and something is lost, late or never sent for it: exit code 1. `WARN` neither: it
 * mends itself, or it works and is a mistake all the same. `n/a` there is nothing to look at here, or looking was not allowed.
 */
export type ProbeVerdict = 'PASS' | 'FAIL' | 'WARN' | 'n/a'

export interface Probe {
  readonly name: string
  readonly verdict: ProbeVerdict
  /** What was seen, for people: one sentence or two, no line breaks. */
  readonly evidence: string
  /** Of probes of an endpoint: which one. */
  readonly destination?: string
}

export function probe(name: string, verdict: ProbeVerdict, evidence: string): Probe {
  return { name, verdict, evidence }
}
