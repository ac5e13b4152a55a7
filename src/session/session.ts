/** The door `afterword/session`: run a workload, say how it ended, and speak for those whose tracer is gone. */
export { recoverSessions, type RecoverOptions, type RecoveryCounts } from './recovery.ts'
export { runSession, type SessionOptions, type SessionResult } from './run-session.ts'
export { resolveTermination } from './termination.ts'
