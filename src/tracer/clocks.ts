import type { ProcSnapshot } from './proc-snapshot.ts'
import { openProcFile } from './procfs/proc-file.ts'
import { scratch } from './procfs/scratch.ts'
import { parseUptimeMs } from './procfs/uptime.ts'
import type { TracingSeams } from './tracing-seams.ts'

type ClockColumns = Pick<ProcSnapshot, 'captured_at' | 'mono_ns' | 'wall_ms' | 'boot_ms'>

/** The time columns of a row. */
export interface Clocks {
  read(): ClockColumns
  close(): void
}

/**
 * Three clocks, because none tells all: monotonic for order and durations, wall for display (WSL2 and NTP step it both ways), boot
 * for the time that the machine slept.
 */
export function openClocks({ procRoot, wallMs, monotonicNs }: TracingSeams): Clocks {
  const uptime = openProcFile(`${procRoot}/uptime`)
  let lastUs = 0
  return {
    read() {
      const wall = wallMs()
      lastUs = Math.max(Math.round(wall * 1000), lastUs + 1)
      const length = uptime.read()
      return {
        captured_at: isoMicroseconds(lastUs),
        mono_ns: monotonicNs(),
        wall_ms: wall,
        boot_ms: typeof length === 'number' ? parseUptimeMs(scratch, length) : null,
      }
    },
    close: () => uptime.close(),
  }
}

function isoMicroseconds(us: number): string {
  const iso = new Date(Math.floor(us / 1000)).toISOString()
  return `${iso.slice(0, -1)}${String(us % 1000).padStart(3, '0')}Z`
}
