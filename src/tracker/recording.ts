/**
 * What records a command: built into one file, which is loaded when one begins and nothing says no. All of its functions that stand alone
 * are compiled with it (rolldown.config.mjs), but for those marked as rare: V8 then reads them once, not twice.
 */
export { begun, joined } from './begun-command.ts'
