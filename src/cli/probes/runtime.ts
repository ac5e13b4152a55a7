/** What this runs on, how events leave from here, and what Windows would do to a reporter. */
import type { DeliveryMode } from '../../events/envelope.ts'
import { detectRuntime, reporterCommand, runtimeFacts } from '../../platform/runtime.ts'
import { loadWindowsCalls, THIS_PROCESS } from '../../platform/windows-calls.ts'
import { IS_WINDOWS } from '../../platform/windows-flags.ts'
import { type Probe, probe } from './probe.ts'

export interface PlatformFacts {
  /** As `process.versions`. */
  readonly versions: { readonly [name: string]: string | undefined }
  readonly platform: string
  /** What platform/runtime.ts takes it for, and whether a reporter can be started by it. */
  readonly runtime: string
  readonly refused: string | null
  /** Windows: whether a job holds this process; null where nothing can ask, or elsewhere. */
  readonly inJob: boolean | null
}

/** Of this process. Loads what asks Windows only there. */
export function platformFacts(): PlatformFacts {
  const runtime = detectRuntime(runtimeFacts())
  const command = reporterCommand(runtime, '')
  return {
    versions: process.versions,
    platform: process.platform,
    runtime: runtime.kind,
    refused: command.kind === 'refused' ? command.reason : null,
    inJob: IS_WINDOWS ? (loadWindowsCalls()?.isInJob(THIS_PROCESS) ?? null) : null,
  }
}

/** The least Node that this package is made for: `engines` of package.json. */
const LEAST: readonly [number, number] = [20, 19]

export function judgeRuntime({ versions, platform, runtime, refused }: PlatformFacts): Probe {
  const name = 'runtime'
  const what = `${runtime} (Node ${versions['node']}) on ${platform}`
  if (refused !== null) return probe(name, 'WARN', `${what}: no reporter can be started from here (${refused})`)
  const [major = 0, minor = 0] = (versions['node'] ?? '').split('.').map(Number)
  const isOld = major < LEAST[0] || (major === LEAST[0] && minor < LEAST[1])
  return isOld
    ? probe(name, 'FAIL', `${what}: wants Node ${LEAST.join('.')} or newer`)
    : probe(
        name,
        'PASS',
        runtime === 'node' ? `Node ${versions['node']} on ${platform}; the tool itself may run on another` : what,
      )
}

export function judgeDelivery(mode: DeliveryMode): Probe {
  const name = 'delivery'
  switch (mode) {
    case 'detached':
      return probe(name, 'PASS', 'detached: by a process that lives at most 10 seconds')
    case 'inline':
      return probe(name, 'PASS', 'inline: the command waits, at most 1.5 seconds')
    case 'spool-only':
      return probe(name, 'WARN', 'spool-only: no process can be started here, events wait for a command elsewhere')
  }
}

export function judgeWindowsJob({ platform, inJob }: PlatformFacts): Probe {
  const name = 'windows job'
  if (platform !== 'win32') return probe(name, 'n/a', 'this is not Windows')
  if (inJob === null) return probe(name, 'n/a', 'nothing here can ask: it takes Node 26.1, or a koffi in the host')
  return inJob
    ? probe(
        name,
        'WARN',
        'a job holds this process: a reporter leaves it where it may, and else dies with it; events wait then',
      )
    : probe(name, 'PASS', 'no job holds this process')
}
