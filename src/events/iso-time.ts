/** `2026-11-21T16:20:00.000Z` of a moment in Unix milliseconds. As `toISOString()`, whose first call costs 0.17 ms; years 1000 to 9999. */
export function isoTime(ms: number): string {
  const at = new Date(ms)
  const date = `${at.getUTCFullYear()}-${two(at.getUTCMonth() + 1)}-${two(at.getUTCDate())}`
  const milliseconds = String(at.getUTCMilliseconds()).padStart(3, '0')
  return `${date}T${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}.${milliseconds}Z`
}

function two(number: number): string {
  return number < 10 ? `0${number}` : String(number)
}
