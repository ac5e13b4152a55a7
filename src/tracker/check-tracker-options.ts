/** What is wrong with a host's options, said to its author. Loaded only for options that tracker-options.ts has not found to be plainly right. */
import type { TrackerOptions } from './tracker-options.ts'

const KNOWN: { readonly [K in keyof Required<TrackerOptions>]: true } = {
  app: true,
  version: true,
  posthog: true,
  directory: true,
  principal: true,
  credential: true,
  properties: true,
  ci: true,
  notice: true,
  errorMessages: true,
  exceptions: true,
}

/** @throws TypeError or RangeError: "new CommandTracker: what it got, what it wants". */
export function checkTrackerOptions(options: TrackerOptions): void {
  if (typeof options !== 'object' || options === null) throw new TypeError(wrong('options', options, 'an object'))
  for (const key of Object.keys(options))
    if (!Object.hasOwn(KNOWN, key)) throw new TypeError(`new CommandTracker: there is no option '${key}'`)
  const { app, version, directory, credential, notice = false, exceptions = false, properties } = options
  if (typeof app !== 'string' || !/^[A-Za-z0-9][\w.-]{0,63}$/.test(app))
    throw new TypeError(wrong('app', app, 'a short name of letters, digits, dots and dashes'))
  if (typeof version !== 'string' || version === '') throw new TypeError(wrong('version', version, "the CLI's version"))
  checkDestination(options.posthog)
  oneOfThese('ci', options.ci ?? 'off', ['off', 'inline', 'detached'])
  oneOfThese('errorMessages', options.errorMessages ?? 'redacted', ['redacted', 'omit'])
  if (directory !== undefined && (typeof directory !== 'string' || !/^([/\\]|[A-Za-z]:)/.test(directory)))
    throw new TypeError(wrong('directory', directory, 'an absolute path'))
  checkPrincipal(options.principal)
  if (credential !== undefined && typeof credential !== 'function')
    throw new TypeError(wrong('credential', typeof credential, 'a function that returns the text or null'))
  if (notice !== false && (typeof notice !== 'object' || notice === null || typeof notice.url !== 'string'))
    throw new TypeError(wrong('notice', notice, 'false or { url }'))
  if (typeof exceptions !== 'boolean') throw new TypeError(wrong('exceptions', exceptions, 'true or false'))
  if (properties !== undefined && typeof properties?.types !== 'object')
    throw new TypeError(wrong('properties', typeof properties, 'what defineProperties({ … }) returns'))
}

function checkDestination(posthog: unknown): void {
  const { apiKey, host } = (posthog ?? {}) as { apiKey?: unknown; host?: unknown }
  // A personal key (phx_) can read a whole project; it must never be shipped inside a CLI.
  if (typeof apiKey !== 'string' || !/^[\x21-\x7e]{1,64}$/.test(apiKey) || apiKey.startsWith('phx_'))
    throw new TypeError(
      wrong('posthog.apiKey', typeof apiKey === 'string' ? `${apiKey.slice(0, 4)}…` : apiKey, 'a project key (phc_…)'),
    )
  if (typeof host !== 'string' || !/^https?:\/\/[^\s/?#@]+(\/[^\s?#]*)?$/.test(host))
    throw new TypeError(wrong('posthog.host', host, 'an address such as https://eu.i.posthog.com'))
}

function checkPrincipal(principal: unknown): void {
  if (principal === undefined || typeof principal === 'function') return
  const { url } = (principal ?? {}) as { url?: unknown }
  if (typeof principal !== 'object' || typeof url !== 'string')
    throw new TypeError(wrong('principal', typeof principal, 'a function, or { url, credential, read }'))
}

function oneOfThese(name: string, value: unknown, wanted: readonly string[]): void {
  if (!wanted.includes(value as string))
    throw new RangeError(wrong(name, value, wanted.map((each) => `'${each}'`).join(', ')))
}

function wrong(name: string, got: unknown, wants: string): string {
  return `new CommandTracker: ${name} is ${typeof got === 'string' ? `'${got}'` : String(got)}, wants ${wants}`
}
