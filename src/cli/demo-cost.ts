/** What telemetry adds to a command: the same command with and without it, in turns, by the wall clock of the process. */
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
}

export interface Costs {
  /** A reporter is at work: of a burst of commands, all but the first. */
  readonly inBurst: Cost
  /** No reporter is at work: the command has to start one. */
  readonly alone: Cost
}

const BURST_PAIRS = 15
/** Fewer: before each, the reporter of the one before has to end. */
const ALONE_PAIRS = 5
const COMMAND = ['toolkit', 'run']

export async function measureCosts(world: DemoWorld, progress: Progress): Promise<Costs> {
  const inBurst = await measure(world, BURST_PAIRS, async (pair) => {
    progress.count(`measuring what telemetry adds, ${BURST_PAIRS} pairs of commands`, pair, BURST_PAIRS)
  })
  const alone = await measure(world, ALONE_PAIRS, async (pair) => {
    progress.count(`the same with a reporter to start, ${ALONE_PAIRS} pairs`, pair, ALONE_PAIRS)
    await world.quiet()
  })
  return { inBurst, alone }
}

/** Pair 0 warms up and does not count. */
async function measure(world: DemoWorld, pairs: number, before: (pair: number) => Promise<void>): Promise<Cost> {
  const on: number[] = []
  const off: number[] = []
  const withIt = async (): Promise<void> => void on.push((await world.acme(COMMAND)).wallMs)
  const without = async (): Promise<void> => void off.push((await world.acme(COMMAND, OPTED_OUT)).wallMs)
  for (let pair = 0; pair <= pairs; pair++) {
    await before(pair)
    // Who comes second finds warmer caches: take turns.
    for (const run of pair % 2 === 0 ? [without, withIt] : [withIt, without]) await run()
  }
  on.shift()
  off.shift()
  const added = on.map((ms, index) => ms - (off[index] ?? 0))
  return {
    pairs,
    onMs: quantile(on, 0.5),
    offMs: quantile(off, 0.5),
    addedMs: quantile(added, 0.5),
    addedFromMs: quantile(added, 0.25),
    addedToMs: quantile(added, 0.75),
  }
}

/** To a tenth. */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return Math.round((sorted[Math.round((sorted.length - 1) * share)] ?? 0) * 10) / 10
}
