/** The facts of delivery-mode.ts, gathered for one command. Costs one `lstat` on Linux, nothing elsewhere. */
import type { DeliveryMode } from '../events/envelope.ts'
import { isCommonNode } from '../platform/runtime.ts'
import { decideDeliveryMode } from '../reporter/delivery-mode.ts'
import type { Reaping } from '../reporter/no-reap.ts'
import type { SpoolLayout } from '../spool/spool-layout.ts'
import { loadLaunching, loadRarePaths } from './load-rare.ts'

const fs = process.getBuiltinModule('node:fs')

export function deliveryHere(wanted: 'detached' | 'inline', layout: SpoolLayout): DeliveryMode {
  const marked = process.platform === 'linux' && fs.existsSync(layout.noReap)
  const reaping: Reaping | undefined = marked ? loadRarePaths()?.readReaping(layout.noReap, Date.now()) : undefined
  return decideDeliveryMode({
    wanted,
    canSpawn: isCommonNode() || (loadLaunching()?.canSpawnHere() ?? false),
    reaped: reaping?.reaped ?? true,
    sinceInlineMs: reaping?.sinceInlineMs ?? null,
  })
}
