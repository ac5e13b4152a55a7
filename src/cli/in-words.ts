/** Numbers and moments as people read them. Pure; local time. */

const UNITS: readonly (readonly [name: string, ms: number])[] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
]

/** `3 minutes`, the largest unit that fits once; `0 seconds` for less than a second and for what lies ahead. */
export function durationInWords(ms: number): string {
  const [name, unit] = UNITS.find(([, each]) => ms >= each) ?? (['second', 1000] as const)
  return counted(Math.max(0, Math.floor(ms / unit)), name)
}

/** `1 event`, `2 events` */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** `14:03:22` on the day of `now`, else `2026-11-20 14:03:22`; what is no time as it stands. */
export function clockTime(iso: string, nowMs: number): string {
  const date = new Date(iso)
  if (Number.isNaN(date.getTime())) return iso
  return dayOf(date) === dayOf(new Date(nowMs)) ? timeOf(date) : `${dayOf(date)} ${timeOf(date)}`
}

/** `14:03:22 (3 minutes ago)` */
export function clockTimeAgo(iso: string, nowMs: number): string {
  const ms = nowMs - Date.parse(iso)
  return Number.isNaN(ms) ? iso : `${clockTime(iso, nowMs)} (${ms < 1000 ? 'now' : `${durationInWords(ms)} ago`})`
}

function dayOf(date: Date): string {
  return [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-')
}

function timeOf(date: Date): string {
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')
}

function two(number: number): string {
  return String(number).padStart(2, '0')
}
