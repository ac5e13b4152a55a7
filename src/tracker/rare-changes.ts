/**
 * What a host loads only on a login, a logout, a switch, damage, `on` or `off`: built into one CommonJS file with proper-lockfile,
 * write-file-atomic and uuid inside, because those must never be loaded by an ordinary command, and patch the process they are
 * loaded into (see rolldown.config.mjs).
 */
import { v5 } from 'uuid'

export { replaceFile } from '../files/atomic-write.ts'
export { withFileLock } from '../files/file-lock.ts'
export { changeIdentity, setDamagedAside } from '../identity/identity-change.ts'
export { storeTracking } from './store-tracking.ts'

const ALIAS_NAMESPACE = '6f0c5d0e-8a53-4d5b-9d38-0c9c0c6e4a11'

/** The same for the same pair, whoever makes it and whenever. */
export function aliasUuid(distinctId: string, alias: string): string {
  return v5(`${distinctId}\n${alias}`, ALIAS_NAMESPACE)
}
export { version } from '../version.ts'
