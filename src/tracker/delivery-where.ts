/** The facts of delivery-mode.ts, gathered for one command: where a reporter may not be startable, or PID 1 does not reap. */
import type { DeliveryMode } from '../events/envelope.ts'
import { canSpawnHere } from '../platform/detached-spawn.ts'
import { decideDeliveryMode } from '../reporter/delivery-mode.ts'
import { readReaping } from '../reporter/no-reap.ts'

/** `noReap`: path of the mark, which Linux alone has. */
export function deliveryWhere(wanted: 'detached' | 'inline', noReap: string): DeliveryMode {
  const isMarked = process.platform === 'linux'
  const { reaped, sinceInlineMs } = isMarked ? readReaping(noReap, Date.now()) : { reaped: true, sinceInlineMs: null }
  return decideDeliveryMode({ wanted, canSpawn: canSpawnHere(), reaped, sinceInlineMs })
}
