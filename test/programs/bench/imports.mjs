// afterword, loaded and not used.
import 'afterword'

await (async () => {})()
globalThis.afterCommand?.()
