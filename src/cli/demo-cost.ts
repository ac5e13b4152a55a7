/** What telemetry adds to a command: the same command with and without it, in turns, by the wall clock of the process. */
import { existsSync } from 'node:fs'
import { OPTED_OUT } from './demo-story.ts'
import type { DemoWorld } from './demo-world.ts'
import type { Progress } from './progress.ts'

export interface Cost {
  readonly pairs: number
  /** Medians, milliseconds. */
  readonly onMs: number
  readonly offMs: number
  /** Median of the differences within a pair, and the quarters around it. */
  readonly addedMs: number
  readonly addedFromMs: number
  readonly addedToMs: number
  /** In how many of them no reporter was at work, so that the command had to start one. */
  readonly launches: number
}

const PAIRS = 15
const COMMAND = ['toolkit', 'run']

export async function measureCost(world: DemoWorld, progress: Progress): Promise<Cost> {
  const on: number[] = []
  const off: number[] = []
  let launches = 0
  for (let pair = 0; pair <= PAIRS; pair++) {
    progress.count(`measuring what telemetry adds, ${PAIRS} pairs of commands`, pair, PAIRS)
    const withIt = async (): Promise<number> => {
      if (pair > 0 && !existsSync(world.layout.reporterLock)) launches += 1
      return (await world.acme(COMMAND)).wallMs
    }
    const without = async (): Promise<number> => (await world.acme(COMMAND, OPTED_OUT)).wallMs
    // Who comes second finds warmer caches: take turns.
    const [onMs, offMs] = pair % 2 === 0 ? [await withIt(), await without()] : reversed(await without(), await withIt())
    if (pair === 0) continue // warms up
    on.push(onMs)
    off.push(offMs)
  }
  const added = on.map((ms, index) => ms - (off[index] ?? 0))
  return {
    pairs: PAIRS,
    onMs: quantile(on, 0.5),
    offMs: quantile(off, 0.5),
    addedMs: quantile(added, 0.5),
    addedFromMs: quantile(added, 0.25),
    addedToMs: quantile(added, 0.75),
    launches,
  }
}

function reversed(first: number, second: number): [number, number] {
  return [second, first]
}

/** To a tenth. */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return Math.round((sorted[Math.round((sorted.length - 1) * share)] ?? 0) * 10) / 10
}
