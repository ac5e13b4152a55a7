/** CLOCK_BOOTTIME out of `/proc/uptime` in milliseconds, in steps of 10; counts the time that the machine was suspended. */
export function parseUptimeMs(bytes: Buffer, length: number): number | null {
  const seconds = Number.parseFloat(bytes.toString('latin1', 0, length))
  return Number.isFinite(seconds) ? Math.round(seconds * 1000) : null
}
