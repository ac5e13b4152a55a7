/** Processes, by what their environment says. Linux. */
import { readdirSync, readFileSync } from 'node:fs'
import { waitUntil } from './wait-until.ts'

/** Processes whose environment names `text` in a reporter's task: `timeout` and the Node under it. */
export function processesNaming(text: string): readonly number[] {
  return processesWith((environment) => environment.includes('AFTERWORD_REPORTER=') && environment.includes(text))
}

/** Resolves when no process that was started with something of this home lives; rejects, naming them, when one still does in the end. */
export async function expectNobodyLeft(home: string, timeoutMs = 15_000): Promise<void> {
  // The test runner's own processes know the home as well, by this name.
  const left = (): readonly number[] =>
    processesWith((environment) => environment.includes(home) && !environment.includes('AFTERWORD_TEST_HOME='))
  try {
    await waitUntil('nobody is left', () => left().length === 0, { timeoutMs, everyMs: 100 })
  } catch (error) {
    const names = left().map((pid) => `${pid} ${commandLine(pid)}`)
    throw new Error(`alive ${timeoutMs / 1000} s after the last test:\n${names.join('\n')}`, { cause: error })
  }
}

function processesWith(isMeant: (environment: string) => boolean): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => isMeant(readQuietly(`/proc/${pid}/environ`)))
    .map(Number)
}

function commandLine(pid: number): string {
  return readQuietly(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').slice(0, 200)
}

function readQuietly(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return '' // ended, or another's
  }
}
