/**
 * The rows, and when there are more than `most` of them every second one of the older half less. The first row stays: it is the
 * workload before its first instruction.
 */
export function thinned<T>(rows: T[], most: number): T[] {
  if (rows.length <= most) return rows
  const half = rows.length >> 1
  return rows.filter((_, i) => i >= half || i % 2 === 0)
}
