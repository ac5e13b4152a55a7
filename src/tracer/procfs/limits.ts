/** The soft limit of open descriptors out of `/proc/PID/limits`; -1: unlimited; null: no such line. */
export function parseFdSoftLimit(bytes: Buffer, length: number): number | null {
  const match = /^Max open files\s+(\d+|unlimited)/m.exec(bytes.toString('latin1', 0, length))
  if (match === null) return null
  return match[1] === 'unlimited' ? -1 : Number(match[1])
}
