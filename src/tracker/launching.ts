/**
 * What a command needs when no reporter is alive, and what is needed to tell whether one could be started: built into one file of its
 * own, so that the commands of a burst, and those with telemetry off, do not pay for it.
 */
export { deliveryWhere } from './delivery-where.ts'
export { launchHere } from './launch-here.ts'
export { version } from '../version.ts'
