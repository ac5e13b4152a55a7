/**
 * `principal.json`: what is known beside the identity. A salted hash of the credential the link was made with (so that an
 * unchanged credential costs no look-up), the mark of the machine that made the anonymous id, when a failed look-up is due again,
 * and when the host last said who is there. None of it ever leaves the machine. Written only inside a locked change, after `usage.json`: a kill between the two costs
 * a look-up, nothing else.
 */
import { readSmallFile } from '../files/read-small-file.ts'
import type { AnonId } from './identity.ts'

export interface PrincipalFile {
  /** `salt:sha256` of the credential the link (or the last failed look-up) was made with. */
  readonly credential_hash: string | null
  /** Machine facts salted with the anonymous id: only "the same or not" can be read from it. */
  readonly machine: string | null
  /** ISO; before it no look-up for the same credential is due. */
  readonly retry_after: string | null
  /** ISO: the moment of the host's last word (a login or logout succeeded, a look-up began). An older one that arrives later is void. */
  readonly told_at: string | null
}

export const NO_PRINCIPAL_FILE: PrincipalFile = {
  credential_hash: null,
  machine: null,
  retry_after: null,
  told_at: null,
}

export function readPrincipalFile(path: string): PrincipalFile {
  const file = readSmallFile(path)
  if (file.kind !== 'text') return NO_PRINCIPAL_FILE
  try {
    const value = JSON.parse(file.text) as Record<keyof PrincipalFile, unknown>
    return {
      credential_hash: textOrNull(value.credential_hash),
      machine: textOrNull(value.machine),
      retry_after: textOrNull(value.retry_after),
      told_at: textOrNull(value.told_at),
    }
  } catch {
    return NO_PRINCIPAL_FILE // damaged: as if nothing were known, which is always safe
  }
}

export function encodePrincipalFile(file: PrincipalFile): string {
  return `${JSON.stringify(file)}\n`
}

export function hashCredential(credential: string): string {
  const salt = process.getBuiltinModule('node:crypto').randomBytes(16).toString('hex')
  return `${salt}:${digest(salt, credential)}`
}

export function isSameCredential(credential: string, hash: string | null): boolean {
  const [salt, seen] = hash?.split(':') ?? []
  return salt !== undefined && seen !== undefined && digest(salt, credential) === seen
}

/** The mark of this machine for this id: host name and machine id, hashed with the id as salt. */
export function machineMark(anonId: AnonId): string {
  const machineId = readSmallFile('/etc/machine-id')
  const host = process.getBuiltinModule('node:os').hostname()
  return digest(anonId, `${host}\0${machineId.kind === 'text' ? machineId.text.trim() : ''}`)
}

/** Whether a look-up that failed for this very credential still has to wait. A date over a day ahead is a broken clock's. */
export function isRetryWaiting(file: PrincipalFile, nowMs: number): boolean {
  const at = file.retry_after === null ? Number.NaN : Date.parse(file.retry_after)
  return at > nowMs && at < nowMs + 24 * 3_600_000
}

/** Whether the host has said something newer than what it said at `toldAt`. A date ahead of now is a broken clock's. */
export function isOvertaken(file: PrincipalFile, toldAt: string, nowMs: number): boolean {
  const last = file.told_at === null ? Number.NaN : Date.parse(file.told_at)
  return last >= Date.parse(toldAt) && last <= nowMs
}

function digest(salt: string, text: string): string {
  return process.getBuiltinModule('node:crypto').createHash('sha256').update(`${salt}\0${text}`).digest('hex')
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
