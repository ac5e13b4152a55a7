/** A reporter is never in anybody's way: lowest priority, first to go when memory is short, private files, no directory held. */
import { fs } from '../files/fs.ts'

/** Each wish may be refused; none is worth stopping for. `nice` covers this thread and later ones, so it comes early. */
export function beModest(niceToo: boolean): void {
  const wishes = [
    () => (niceToo ? process.getBuiltinModule('node:os').setPriority(0, 19) : undefined),
    () => process.umask(0o077),
    () => process.chdir(process.platform === 'win32' ? (process.env['SystemRoot'] ?? 'C:\\') : '/'),
    () => (process.platform === 'linux' ? fs.writeFileSync('/proc/self/oom_score_adj', '1000') : undefined),
  ]
  for (const wish of wishes) {
    try {
      wish()
    } catch {
      // refused by the system: then as we are
    }
  }
}
