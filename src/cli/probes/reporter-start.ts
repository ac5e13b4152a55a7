/**
 * Can a reporter be started here? One is, without a task: it puts up its box, evaluates everything it consists of, and ends by
 * itself. It opens no file of the user's and no socket.
 */
import { spawn } from 'node:child_process'
import { errorCode } from '../../files/read-small-file.ts'
import { prepareNode } from '../../platform/detached-spawn.ts'
import { packageFile } from '../../platform/package-files.ts'
import { seconds } from './judge-reporter.ts'
import { type Probe, probe } from './probe.ts'

export type StartFacts =
  | { readonly kind: 'skipped' }
  | { readonly kind: 'not-started'; readonly reason: string }
  | {
      readonly kind: 'ended'
      readonly code: number | null
      readonly signal: string | null
      readonly ms: number
      /** `outside`: under `timeout`; `inside`: a watchdog worker of its own. */
      readonly box: 'outside' | 'inside'
    }

/** Whole seconds: not every `timeout` knows parts of one. */
const BOX_SECONDS = 3
const LIMIT_MS = 3500

export async function startWithoutTask(
  reporterFile: string = packageFile(import.meta.url, 'reporter/main.cjs'),
): Promise<StartFacts> {
  const prepared = prepareNode({ script: reporterFile, args: [], variables: {}, boxSeconds: BOX_SECONDS })
  if (prepared.kind !== 'ready') return { kind: 'not-started', reason: prepared.reason }
  const { command, args, box, options } = prepared
  const startedAt = performance.now()
  return await new Promise((resolve) => {
    try {
      const child = spawn(command, args, { ...options, detached: true, stdio: 'ignore' })
      // The group: what `timeout` has started would outlive it.
      const timer = setTimeout(() => {
        killGroup(child.pid)
        child.kill('SIGKILL') // where there are no groups
      }, LIMIT_MS)
      const settle = (facts: StartFacts): void => {
        clearTimeout(timer)
        resolve(facts)
      }
      child.on('error', (error) => settle({ kind: 'not-started', reason: errorCode(error) }))
      child.on('exit', (code, signal) =>
        settle({ kind: 'ended', code, signal, ms: Math.round(performance.now() - startedAt), box }),
      )
    } catch (error) {
      resolve({ kind: 'not-started', reason: errorCode(error) })
    }
  })
}

export function judgeStart(facts: StartFacts): Probe {
  const name = 'dry start'
  switch (facts.kind) {
    case 'skipped':
      return probe(name, 'n/a', 'consent is off: nothing is started')
    case 'not-started':
      return probe(name, 'FAIL', `no reporter can be started here (${facts.reason})`)
    case 'ended': {
      const box = facts.box === 'outside' ? 'box: timeout(1)' : 'box: its own watchdog'
      if (facts.code === 0) return probe(name, 'PASS', `started and ended by itself in ${facts.ms} ms, ${box}`)
      // 137: `timeout` says so of what it had to kill.
      return facts.signal === 'SIGKILL' || facts.code === 137
        ? probe(name, 'FAIL', `a reporter without a task was still there after ${seconds(facts.ms)}, and killed`)
        : probe(
            name,
            'FAIL',
            `a reporter without a task ended with ${facts.signal ?? `exit code ${facts.code}`} after ${facts.ms} ms, ${box}`,
          )
    }
  }
}

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // ended in this moment
  }
}
