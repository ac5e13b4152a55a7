/** Is the directory there, ours, and does it take writes: really, not by its mode bits alone. */
import { accessSync, constants, lstatSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { errorCode } from '../../files/read-small-file.ts'
import { SPOOL_BOUNDS } from '../../spool/spool-bounds.ts'
import { spoolLayout } from '../../spool/spool-layout.ts'
import { whyUnusable } from '../place.ts'
import { unusableInWords } from '../unusable-words.ts'
import { type Probe, probe } from './probe.ts'

export interface DirectoryFacts {
  /** Null: there is no home. */
  readonly path: string | null
  readonly kind: 'absent' | 'there'
  /** As in unusable-words.ts; null: it can be used, or could be made. */
  readonly unusable: string | null
  /** Errno of an envelope's worth of bytes written and taken away again; null: it went well; `not-tried`: consent is off. */
  readonly write: string | null
  /** Permission bits of `directory` and of `telemetry/`, null where there is none. */
  readonly mode: number | null
  readonly telemetryMode: number | null
}

/** `mayWrite`: false where consent is off, and then nothing is written even for a moment. */
export function readDirectory(path: string | null, mayWrite: boolean): DirectoryFacts {
  if (path === null)
    return { path, kind: 'absent', unusable: 'no-home', write: 'not-tried', mode: null, telemetryMode: null }
  const { telemetry } = spoolLayout(path)
  const mode = modeOf(path)
  const telemetryMode = modeOf(telemetry)
  const unusable = mode === null ? whyNotMade(path) : whyUnusable(path)
  const write = telemetryMode === null || unusable !== null || !mayWrite ? 'not-tried' : tryWrite(telemetry)
  return { path, kind: mode === null ? 'absent' : 'there', unusable, write, mode, telemetryMode }
}

export function judgeDirectory(facts: DirectoryFacts, variable: string): Probe {
  const { path, kind, unusable, write, mode } = facts
  const name = 'directory'
  if (unusable !== null) return probe(name, 'FAIL', unusableInWords(unusable, path ?? '', variable))
  if (kind === 'absent') return probe(name, 'n/a', `${path} is not there yet: the first command makes it`)
  const ours = `ours, ${inOctal(mode)}`
  if (write === null)
    return probe(name, 'PASS', `${ours}, ${SPOOL_BOUNDS.envelopeBytes / 1024} KiB written and removed`)
  if (write !== 'not-tried') return probe(name, 'FAIL', unusableInWords(write, path ?? '', variable))
  return probe(
    name,
    'PASS',
    `${ours}, ${facts.telemetryMode === null ? 'nothing in it yet' : 'writable by its mode; nothing was written to see'}`,
  )
}

export function judgeTelemetryFolder({ unusable, telemetryMode }: DirectoryFacts): Probe {
  const name = 'telemetry/'
  if (telemetryMode === null) return probe(name, 'n/a', 'not there yet: the first command makes it')
  if (unusable !== null) return probe(name, 'n/a', 'see directory')
  const open = (telemetryMode & 0o022) !== 0
  return open
    ? probe(
        name,
        'WARN',
        `a real folder of ours, but ${inOctal(telemetryMode)}: others can put files there. Make it 0700.`,
      )
    : probe(name, 'PASS', `a real folder of ours, ${inOctal(telemetryMode)}`)
}

function inOctal(mode: number | null): string {
  return `0${((mode ?? 0) & 0o7777).toString(8)}`
}

function modeOf(path: string): number | null {
  try {
    return lstatSync(path).mode
  } catch {
    return null // absent, or behind a folder that cannot be entered: whyNotMade() tells the two apart
  }
}

/** Null: the first command can make it. */
function whyNotMade(path: string): string | null {
  for (let at = dirname(path); ; at = dirname(at)) {
    try {
      const stat = statSync(at)
      if (!stat.isDirectory()) return 'not-a-directory'
      if (process.getuid !== undefined && stat.uid !== process.getuid()) return 'not-ours'
      accessSync(at, constants.W_OK)
      return null
    } catch (error) {
      if (errorCode(error) !== 'ENOENT' || at === dirname(at)) return errorCode(error)
    }
  }
}

/** A killed one leaves a `.tmp`, which reporters sweep. */
function tryWrite(folder: string): string | null {
  const path = `${folder}/probe.${process.pid}.tmp`
  try {
    writeFileSync(path, 'x'.repeat(SPOOL_BOUNDS.envelopeBytes), { flag: 'wx', mode: 0o600 })
    return null
  } catch (error) {
    return errorCode(error)
  } finally {
    removeOwn(path)
  }
}

function removeOwn(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // never made
  }
}
