/** How one command's event leaves. Costs one `access` on Linux, nothing elsewhere; what is unusual is decided by delivery-where.ts. */
import type { DeliveryMode } from '../events/envelope.ts'
import { fs } from '../files/fs.ts'
import { isCommonNode } from '../platform/runtime.ts'
import type { CommandLayout } from '../spool/spool-layout.ts'
import { loadLaunching } from './load-parts.ts'

export function deliveryHere(wanted: 'detached' | 'inline', { noReap }: CommandLayout): DeliveryMode {
  const isUsual = isCommonNode() && !(process.platform === 'linux' && fs.existsSync(noReap))
  return isUsual ? wanted : (loadLaunching()?.deliveryWhere(wanted, noReap) ?? 'spool-only')
}
