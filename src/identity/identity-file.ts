/**
 * `usage.json`: reading it, and making it on first use. Changing it is identity-change.ts.
 *
 * First use is raced by any number of processes and has exactly one winner, without a lock and without a package: each writes its
 * identity to a file of its own and `link()`s that to the final name. link(2) never replaces; who gets EEXIST reads the winner's,
 * which is whole because it was written before it had that name. A SIGKILL leaves a `.tmp` in telemetry/, swept by a reporter.
 */
import { fs } from '../files/fs.ts'
import { errorCode, readSmallFile } from '../files/read-small-file.ts'
import { type AnonId, encodeIdentity, type Identity, parseIdentity } from './identity.ts'

export type IdentityFile =
  | { readonly kind: 'identity'; readonly identity: Identity; readonly text: string }
  | { readonly kind: 'absent' }
  /** Readable, but no identity: to be set aside by a locked change. */
  | { readonly kind: 'damaged'; readonly text: string }
  /** Cannot be read (EACCES, a FIFO, a link): record nothing. */
  | { readonly kind: 'unreadable'; readonly reason: string }

export function readIdentity(usagePath: string): IdentityFile {
  const file = readSmallFile(usagePath)
  if (file.kind !== 'text') return file
  const identity = parseIdentity(file.text)
  return identity === null ? { kind: 'damaged', text: file.text } : { kind: 'identity', identity, text: file.text }
}

export type FirstUse =
  | { readonly kind: 'created' | 'lost-the-race'; readonly identity: Identity }
  | { readonly kind: 'failed'; readonly reason: string }

/** Makes `usage.json` with a fresh random id unless somebody else just did. Never throws. */
export function createIdentity(usagePath: string, telemetryPath: string): FirstUse {
  const identity: Identity = { anon_id: newAnonId(), linked_principal_id: null }
  const mine = `${telemetryPath}/usage-${identity.anon_id}.tmp`
  try {
    fs.writeFileSync(mine, encodeIdentity(identity), { flag: 'wx', mode: 0o600 })
    try {
      linkOrCreate(mine, usagePath, encodeIdentity(identity))
      return { kind: 'created', identity }
    } finally {
      fs.unlinkSync(mine)
    }
  } catch (error) {
    const code = errorCode(error)
    if (code !== 'EEXIST') return { kind: 'failed', reason: code }
    const winner = readIdentity(usagePath)
    return winner.kind === 'identity'
      ? { kind: 'lost-the-race', identity: winner.identity }
      : { kind: 'failed', reason: winner.kind }
  }
}

/** Random (UUIDv4), never derived from the machine. */
export function newAnonId(): AnonId {
  return process.getBuiltinModule('node:crypto').randomUUID() as AnonId
}

/** File systems without hard links (exFAT, some mounts): O_EXCL has one winner too, but a kill in mid-write leaves a torn file. */
function linkOrCreate(from: string, to: string, text: string): void {
  try {
    fs.linkSync(from, to)
  } catch (error) {
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(errorCode(error))) throw error
    fs.writeFileSync(to, text, { flag: 'wx', mode: 0o600 })
  }
}
