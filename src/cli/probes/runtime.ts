/** What this runs on, how events leave from here, and what Windows would do to a reporter. */
import type { DeliveryMode } from '../../events/envelope.ts'
import { type Probe, probe } from './probe.ts'

export interface RuntimeFacts {
  /** As `process.versions`. */
  readonly versions: { readonly [name: string]: string | undefined }
  readonly platform: string
}

/** The least Node that this package is made for: `engines` of package.json. */
const LEAST: readonly [number, number] = [20, 19]

export function judgeRuntime({ versions, platform }: RuntimeFacts): Probe {
  const name = 'runtime'
  const other = (['bun', 'deno', 'electron'] as const).find((each) => versions[each] !== undefined)
  if (other !== undefined)
    return probe(name, 'WARN', `${other} ${versions[other]} on ${platform}: a reporter is started by plain Node alone`)
  const [major = 0, minor = 0] = (versions['node'] ?? '').split('.').map(Number)
  const isOld = major < LEAST[0] || (major === LEAST[0] && minor < LEAST[1])
  return isOld
    ? probe(name, 'FAIL', `Node ${versions['node']} on ${platform}: wants ${LEAST.join('.')} or newer`)
    : probe(name, 'PASS', `Node ${versions['node']} on ${platform}; the tool itself may run on another`)
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

export function judgeWindowsJob({ platform }: RuntimeFacts): Probe {
  const name = 'windows job'
  return platform === 'win32'
    ? probe(name, 'n/a', 'not looked at: whether a job would end a reporter with its command is not known')
    : probe(name, 'n/a', 'this is not Windows')
}
