/** To end by SIGSEGV as a child did, without a core of our own: it is 100 MB, and with the kernel's default name it replaces the child's. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const PRLIMIT_WITHIN_MS = 2000

/** True when this process will leave no core. Costs a process, and that only where cores are on. Never throws. */
export function forbidOwnDump(): boolean {
  let limits: string
  try {
    limits = readFileSync('/proc/self/limits', 'latin1')
  } catch {
    return true // not Linux: there cores are off, or elsewhere
  }
  if (/^Max core file size\s+0\s/m.test(limits)) return true
  const args = ['--core=0', '--pid', String(process.pid)]
  return spawnSync('prlimit', args, { stdio: 'ignore', timeout: PRLIMIT_WITHIN_MS }).status === 0
}
