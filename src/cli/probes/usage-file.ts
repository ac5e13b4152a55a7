/** `usage.json`: is it whole, and is its lock (a folder beside it) free? */
import { lstatSync, readdirSync, type Stats } from 'node:fs'
import { LOCK_STALE_MS } from '../../files/file-lock.ts'
import { type IdentityFile, readIdentity } from '../../identity/identity-file.ts'
import type { SpoolLayout } from '../../spool/spool-layout.ts'
import { shortId } from '../columns.ts'
import { counted } from '../in-words.ts'
import { type Probe, probe } from './probe.ts'

export interface UsageFacts {
  readonly file: IdentityFile
  readonly mode: number | null
  /** Copies that were set aside because they did not parse. */
  readonly setAside: number
  readonly lock: { readonly kind: 'absent' } | { readonly kind: 'folder' | 'in-the-way'; readonly ageMs: number }
}

export function readUsage({ usage, directory }: SpoolLayout, nowMs: number): UsageFacts {
  const file = readIdentity(usage)
  const lock = lstatQuietly(`${usage}.lock`)
  return {
    file,
    mode: lstatQuietly(usage)?.mode ?? null,
    setAside: namesIn(directory).filter((name) => name.startsWith('usage.json.damaged-')).length,
    lock:
      lock === null
        ? { kind: 'absent' }
        : { kind: lock.isDirectory() ? 'folder' : 'in-the-way', ageMs: nowMs - lock.mtimeMs },
  }
}

export function judgeUsage({ file, mode, setAside }: UsageFacts): Probe {
  const name = 'usage.json'
  const aside = setAside === 0 ? '' : `; ${counted(setAside, 'damaged one')} set aside beside it`
  switch (file.kind) {
    case 'absent':
      return probe(name, 'n/a', `not there yet: the first command makes one with a random id${aside}`)
    case 'damaged':
      return probe(
        name,
        'FAIL',
        `${file.text.length} characters that are no identity: the next command sets it aside and makes a new one${aside}`,
      )
    case 'unreadable':
      return probe(name, 'FAIL', `cannot be read (${file.reason}), so nothing is recorded. Remove it, or give it back.`)
    case 'identity': {
      const { anon_id, linked_principal_id } = file.identity
      const who = linked_principal_id === null ? 'anonymous' : `linked to ${shortId(linked_principal_id)},`
      const whole = `whole: ${who} ${shortId(anon_id)}`
      return ((mode ?? 0) & 0o077) === 0
        ? probe(name, 'PASS', `${whole}${aside}`)
        : probe(
            name,
            'WARN',
            `${whole}, but others may look into it (0${((mode ?? 0) & 0o777).toString(8)}): make it 0600${aside}`,
          )
    }
  }
}

export function judgeUsageLock({ lock }: UsageFacts): Probe {
  const name = 'usage.json.lock'
  switch (lock.kind) {
    case 'absent':
      return probe(name, 'PASS', 'free')
    case 'in-the-way':
      return probe(name, 'FAIL', 'something that is no lock lies there: no login or logout can be stored. Remove it.')
    case 'folder':
      return lock.ageMs <= LOCK_STALE_MS
        ? probe(
            name,
            'PASS',
            `held for ${Math.max(0, Math.round(lock.ageMs))} ms: a login, logout or choice is being stored`,
          )
        : probe(
            name,
            'WARN',
            `left ${inSeconds(lock.ageMs)} ago by a process that was killed: the next login or logout takes it over`,
          )
  }
}

function inSeconds(ms: number): string {
  return counted(Math.round(ms / 1000), 'second')
}

function lstatQuietly(path: string): Stats | null {
  try {
    return lstatSync(path)
  } catch {
    return null // absent, or not to be looked at: the file's own probe says which
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
