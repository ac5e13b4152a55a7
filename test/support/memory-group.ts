/** A memory cgroup of a test's own, version 1 or 2, removed when the test is over and its processes are gone. */
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { onTestFinished } from 'vitest'
import { waitUntil } from './wait-until.ts'

export interface MemoryGroup {
  /** Who writes its pid there is in it. */
  readonly procs: string
  /** Processes of it that the kernel has killed for memory. */
  oomKills(): number
}

let made = 0

/** A group that may use so much; or why there can be none. */
export function memoryGroup(mebibytes: number): MemoryGroup | string {
  if (process.getuid?.() !== 0) return 'only root makes memory cgroups'
  const v1 = '/sys/fs/cgroup/memory'
  const v2 = '/sys/fs/cgroup'
  const [root, limit, counts] =
    read(`${v1}/memory.limit_in_bytes`) !== null
      ? [v1, 'memory.limit_in_bytes', 'memory.oom_control']
      : read(`${v2}/cgroup.subtree_control`)?.includes('memory') === true
        ? [v2, 'memory.max', 'memory.events']
        : [null, '', '']
  if (root === null) return 'no memory cgroup is mounted'
  const folder = `${root}/afterword-test-${process.pid}-${++made}`
  try {
    mkdirSync(folder)
    writeFileSync(`${folder}/${limit}`, String(mebibytes * 1024 * 1024))
  } catch (error) {
    return `no memory cgroup can be made: ${String(error)}`
  }
  onTestFinished(() => waitUntil('the group is empty', () => removed(folder)).then(() => undefined))
  return {
    procs: `${folder}/cgroup.procs`,
    oomKills: () => Number(/^oom_kill (\d+)$/m.exec(read(`${folder}/${counts}`) ?? '')?.[1]),
  }
}

function removed(folder: string): boolean {
  try {
    rmdirSync(folder)
    return true
  } catch {
    return false
  }
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
