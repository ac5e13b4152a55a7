/**
 * What a host needs now and then: first use, failures, look-ups, log mode, status, pruning, the notice. Built into one CommonJS file
 * that is loaded on use, so that an ordinary command does not pay for it (9 to 16 µs a kB: docs/evidence.md). It brings no package;
 * what does is rare-changes.ts.
 */
export { looksSecret } from '../events/looks-secret.ts'
export { isUnwritable, openFallbackDirectory, openStateDirectory } from '../platform/state-directory.ts'
export { startOutsideJob } from '../platform/windows-job.ts'
export { startInline } from '../reporter/launch-inline.ts'
export { killSurvivor } from '../reporter/kill-survivor.ts'
export { resolveCommandOutcome } from './command-outcome.ts'
export { failureHere } from './failure-here.ts'
export { journalHere, noteHere } from './diagnostics-here.ts'
export { exceptionEnvelope } from './exception-envelope.ts'
export { firstIdentity } from './first-identity.ts'
export { hostWord } from './host-word.ts'
export { beginLog } from './log-run.ts'
export { startLookUp } from './look-up.ts'
export { pruneNow } from './prune-now.ts'
export { signOutElsewhere } from './signed-out-elsewhere.ts'
export { showNoticeNow } from './show-notice-now.ts'
export { readStatus } from './tracker-status.ts'
export { WhoAtEnd } from './who-at-end.ts'
export { version } from '../version.ts'
