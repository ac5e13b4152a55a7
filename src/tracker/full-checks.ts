/**
 * What a host's author hears of wrong options and declarations, and what decides about those that are not plainly right. A file of its own,
 * with its lines: Node shows the line that throws, and in a minified bundle that is all of it (31 kB on a terminal).
 */
export { defineProperties, oneOf } from '../events/host-properties.ts'
export { version } from '../version.ts'
export { checkTrackerOptions } from './check-tracker-options.ts'
