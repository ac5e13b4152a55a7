// Medusa's: appended to a spool, flushed by a detached child from 'exit'. Its own timer would hold the process for 10 s.
import { track } from '@medusajs/telemetry'

await (async () => {})()
track('toolkit.run', { version: '1.2.3' })
globalThis.afterCommand?.()
process.exit()
