/**
 * What a host needs now and then: first use, failures, look-ups, log mode, status, pruning, the notice. Built into one CommonJS file
 * that is loaded on use, so that an ordinary command does not pay for it (9 to 16 µs a kB: docs/evidence.md). It brings no package;
 * what does is rare-changes.ts.
 */
export { looksSecret } from '../events/looks-secret.ts'
export { showNotice, noticeText } from '../consent/notice.ts'
export { defineProperties, oneOf } from '../events/host-properties.ts'
export { describeFailure } from '../events/failure.ts'
export { isUnwritable, openFallbackDirectory, openStateDirectory } from '../platform/state-directory.ts'
export { startOutsideJob } from '../platform/windows-job.ts'
export { startInline } from '../reporter/launch-inline.ts'
export { killSurvivor } from '../reporter/kill-survivor.ts'
export { readReaping } from '../reporter/no-reap.ts'
export { checkTrackerOptions } from './check-tracker-options.ts'
export { outcomeOfError } from './error-outcome.ts'
export { exceptionEnvelope } from './exception-envelope.ts'
export { firstIdentity } from './first-identity.ts'
export { LogRun } from './log-run.ts'
export { startLookUp } from './look-up.ts'
export { pruneNow } from './prune-now.ts'
export { signOutElsewhere } from './signed-out-elsewhere.ts'
export { readStatus } from './tracker-status.ts'
export { WhoAtEnd } from './who-at-end.ts'
export { noteDebug } from '../spool/debug-log.ts'
export { readJournal } from '../spool/journal.ts'
