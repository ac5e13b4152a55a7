// The command alone, as CommonJS.
require('empty-package')
void (async () => {})().then(() => globalThis.afterCommand?.())
