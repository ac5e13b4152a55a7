/**
 * The user's stored choice: `on` and `off`, the only writers of consent.json. Not on the hot path.
 *
 * `off`: consent first, then in-flight/, then pending/ (a file on its way is met in one of them), then the rest, then usage.json;
 * all of it under the identity's lock, so that a login under way is erased whole or sees the no.
 * A kill in between leaves a stored no and some files that nothing will send; `off` again erases them.
 * `on`: erases first, so that nothing recorded against a no is ever sent, then writes consent.
 *
 * Race R55: somebody else stores a choice at the same time. The file that becomes consent.json is not erased, or its rename would fail,
 * and that choice with it. What a killed one left (a choice, and nothing of anybody) the next `on` or `off` erases, if it is a minute old.
 */
import { replaceFile } from '../files/atomic-write.ts'
import { withFileLock } from '../files/file-lock.ts'
import { fs } from '../files/fs.ts'
import { errorCode } from '../files/read-small-file.ts'
import { type ConsentPaths, encodeConsent, readStoredConsent, type Tracking } from './consent-file.ts'

export interface ErasurePaths extends ConsentPaths {
  readonly telemetry: string
  readonly inFlight: string
  readonly pending: string
  readonly sessions: string
  readonly usage: string
}

/** `erased`: envelopes that waited. `left`: what could not be erased; the choice itself was stored. */
export type TrackingSet =
  | {
      readonly kind: 'stored'
      readonly erased: number
      readonly identityErased: boolean
      readonly left: readonly string[]
    }
  | { readonly kind: 'failed'; readonly reason: string }

const LOCK_WAIT_MS = 1000
/** A write takes a millisecond; a minute is what everything temporary is given (spool/bounds.ts). */
const UNDER_WAY_MS = 60_000

export function setTracking(paths: ErasurePaths, tracking: Tracking): TrackingSet {
  return tracking === 'off' ? turnOff(paths) : turnOn(paths)
}

function turnOff(paths: ErasurePaths): TrackingSet {
  const stored = replaceFile(paths.consent, encodeConsent('off'))
  if (stored.kind !== 'replaced')
    return { kind: 'failed', reason: stored.kind === 'failed' ? stored.reason : stored.kind }
  const eraseAll = (): Erasure => {
    const erasure = erase(paths)
    const identityErased = remove(paths.usage, erasure.left)
    for (const copy of copiesOf(paths.usage)) remove(copy, erasure.left)
    return { ...erasure, identityErased }
  }
  // A login under way holds the lock for milliseconds; a stale one is no reason to keep what the user took back.
  const locked = withFileLock(paths.usage, LOCK_WAIT_MS, eraseAll)
  return { kind: 'stored', ...(locked.kind === 'done' ? locked.value : eraseAll()) }
}

/** Where nothing says no, nothing was recorded against a no, and nothing is erased. */
function turnOn(paths: ErasurePaths): TrackingSet {
  const { consent } = readStoredConsent([paths], false)
  const erasure = consent === 'on' || consent === 'none' ? NOTHING_ERASED : erase(paths)
  const stored = replaceFile(paths.consent, encodeConsent('on'))
  if (stored.kind !== 'replaced')
    return { kind: 'failed', reason: stored.kind === 'failed' ? stored.reason : stored.kind }
  return { kind: 'stored', ...erasure }
}

interface Erasure {
  readonly erased: number
  readonly identityErased: boolean
  readonly left: string[]
}

const NOTHING_ERASED: Erasure = { erased: 0, identityErased: false, left: [] }

function erase(paths: ErasurePaths): Erasure {
  const left: string[] = []
  let erased = 0
  for (const folder of [paths.inFlight, paths.pending]) {
    for (const name of list(folder)) if (remove(`${folder}/${name}`, left) && name.endsWith('.json')) erased += 1
  }
  const kept = new Set([paths.consent, paths.noticeShown, paths.sessions, paths.inFlight, paths.pending])
  const others = list(paths.telemetry).map((name) => `${paths.telemetry}/${name}`)
  for (const path of others) if (!kept.has(path) && !isChoiceUnderWay(path, paths.consent)) remove(path, left)
  return { erased, identityErased: false, left }
}

/** R55. */
function isChoiceUnderWay(path: string, consent: string): boolean {
  if (!path.startsWith(`${consent}.`)) return false
  const madeMs = fs.lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
  return Math.abs(Date.now() - madeMs) < UNDER_WAY_MS
}

/** Set-aside and temporary copies of usage.json: they hold ids too. */
function copiesOf(usage: string): readonly string[] {
  const cut = usage.lastIndexOf('/')
  const name = usage.slice(cut + 1)
  return list(usage.slice(0, cut))
    .filter((each) => each.startsWith(`${name}.`) && !each.endsWith('.lock'))
    .map((each) => `${usage.slice(0, cut)}/${each}`)
}

function list(folder: string): readonly string[] {
  try {
    return fs.readdirSync(folder)
  } catch {
    return [] // never made
  }
}

function remove(path: string, left: string[]): boolean {
  try {
    fs.rmSync(path, { recursive: true })
    return true
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') left.push(path)
    return false
  }
}
