/**
 * What records a command: built into one file of its own, so that a host with telemetry off does not read it. V8 compiles it as one
 * (rolldown.config.mjs, soonCalled).
 */
export { begun, joined } from './begun-command.ts'
export { version } from '../version.ts'
