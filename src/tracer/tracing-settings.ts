import { ANOMALY_THRESHOLDS, type AnomalyThresholds } from './anomaly-context.ts'
import type { ProcSnapshot } from './proc-snapshot.ts'
import type { TracingOptions } from './tracing-options.ts'

export interface TracingSettings {
  readonly onSnapshot: ((row: ProcSnapshot) => void) | null
  readonly intervalMs: number
  readonly slowIntervalMs: number
  readonly fastForMs: number
  readonly burstIntervalMs: number
  readonly burstForMs: number
  readonly ownCpuShare: number
  readonly maxSnapshots: number
  readonly thresholds: AnomalyThresholds
  readonly wrapperComm: string | null
}

const NUMBERS = {
  intervalMs: 1000,
  slowIntervalMs: 5000,
  fastForMs: 30_000,
  burstIntervalMs: 100,
  burstForMs: 2000,
  ownCpuShare: 0.01,
  maxSnapshots: 5000,
} as const

/** Below it `setTimeout` would spin. */
const LEAST = { intervalMs: 1, slowIntervalMs: 1, fastForMs: 0, burstIntervalMs: 1, burstForMs: 0, maxSnapshots: 4 }

/** Fills in the defaults. TypeError for an unknown or malformed option. */
export function tracingSettings(options: TracingOptions): TracingSettings {
  const { onSnapshot, thresholds = {}, wrapperComm = 'script', ...rest } = options
  if (onSnapshot !== undefined && typeof onSnapshot !== 'function')
    throw new TypeError(`tracing option onSnapshot: got ${typeof onSnapshot}, wants a function`)
  const numbers: Record<keyof typeof NUMBERS, number> = { ...NUMBERS }
  for (const [name, value] of Object.entries(rest)) {
    if (!Object.hasOwn(NUMBERS, name)) throw new TypeError(`tracing options: unknown option ${JSON.stringify(name)}`)
    if (value === undefined) continue
    const least = name === 'ownCpuShare' ? Number.MIN_VALUE : LEAST[name as keyof typeof LEAST]
    if (!(typeof value === 'number' && value >= least))
      throw new TypeError(`tracing option ${name}: got ${String(value)}, wants a number of at least ${least}`)
    numbers[name as keyof typeof NUMBERS] = value
  }
  for (const name of Object.keys(thresholds))
    if (!Object.hasOwn(ANOMALY_THRESHOLDS, name))
      throw new TypeError(`tracing option thresholds: unknown threshold ${JSON.stringify(name)}`)
  return {
    ...numbers,
    onSnapshot: onSnapshot ?? null,
    thresholds: { ...ANOMALY_THRESHOLDS, ...thresholds },
    wrapperComm,
  }
}
