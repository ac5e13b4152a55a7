/** The defaults, and the look that most options pass. Only here does the host throw. */
import { isLetterOrDigit, isMadeOf } from '../events/characters.ts'
import { defaultDirectory } from '../platform/own-directory.ts'
import { loadFullChecks } from './load-parts.ts'
import type { TrackerOptions, TrackerSettings } from './tracker-options.ts'

/** @throws TypeError or RangeError: "new CommandTracker: what it got, what it wants" (check-tracker-options.ts). */
export function resolveTrackerOptions(options: TrackerOptions): TrackerSettings {
  const { app, version, posthog, directory, principal, credential, properties, ...defaulted } = options ?? NONE
  const { ci = 'off', notice = false, errorMessages = 'redacted', exceptions = false, ...unknown } = defaulted
  const { apiKey, host } = posthog ?? {}
  const authority = typeof host === 'string' ? host.slice(host.startsWith('https://') ? 8 : 7) : ''
  // True for what hosts nearly always say; never for what is wrong. False is no verdict.
  const isPlainlyRight =
    isWord(app, '._-', 64) &&
    isLetterOrDigit(app.charAt(0)) &&
    isText(version) &&
    isWord(apiKey, '_-', 64) &&
    !apiKey.startsWith('phx_') &&
    isWord(authority, '.:-_/', 256) &&
    !authority.startsWith('/') &&
    (host === `https://${authority}` || host === `http://${authority}`) &&
    (directory === undefined || (isText(directory) && directory.startsWith('/'))) &&
    (principal === undefined || typeof principal === 'function') &&
    (credential === undefined || typeof credential === 'function') &&
    (properties === undefined || typeof properties?.types === 'object') &&
    (ci === 'off' || ci === 'inline' || ci === 'detached') &&
    (notice === false || isText(notice?.url)) &&
    (errorMessages === 'redacted' || errorMessages === 'omit') &&
    typeof exceptions === 'boolean' &&
    Object.keys(unknown).length === 0
  if (!isPlainlyRight) loadFullChecks()?.checkTrackerOptions(options)
  return {
    app,
    version,
    destination: { apiKey: posthog.apiKey, host: withoutSlashes(posthog.host, '/', 0) },
    directory: directory === undefined ? defaultDirectory(app) : withoutSlashes(directory, '/\\', 1),
    principal: typeof principal === 'object' ? () => principal : (principal ?? null),
    credential: credential ?? null,
    properties,
    ci,
    notice: notice || null,
    errorMessages,
    exceptions,
  }
}

const NONE = {} as TrackerOptions

function isWord(value: unknown, others: string, max: number): value is string {
  return typeof value === 'string' && isMadeOf(value, others, max)
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

/** `least`: how many characters are left whatever they are. */
function withoutSlashes(text: string, slashes: string, least: number): string {
  let end = text.length
  while (end > least && slashes.includes(text.charAt(end - 1))) end -= 1
  return text.slice(0, end)
}
