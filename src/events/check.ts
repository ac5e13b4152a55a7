/** What decides whether a value has a shape: a pattern for text, a list of values, or a function. */
export type Check = RegExp | readonly (string | true | null)[] | ((value: unknown) => boolean)

/** Never throws. */
export function passes(check: Check, value: unknown): boolean {
  if (typeof check === 'function') return check(value)
  if (check instanceof RegExp) return typeof value === 'string' && check.test(value)
  return (check as readonly unknown[]).includes(value)
}
