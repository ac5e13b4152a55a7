// The command alone: what everything else is compared with.
import 'empty-package'
await (async () => {})()
globalThis.afterCommand?.()
