/** The number behind a name at the beginning of a line (`MemTotal:   16 kB`, `oom_kill 3`); null when there is none. Pure. */
export function numberAfter(text: string | null, name: string): number | null {
  const line = text?.split('\n').find((each) => each.startsWith(`${name} `))
  if (line === undefined) return null
  const value = Number.parseInt(line.slice(name.length), 10)
  return Number.isFinite(value) ? value : null
}
