/** Where this package's built files are, from a module's own URL: in the bundle, in tsc's tree, and in the sources under test. */

/**
 * Absolute path of `dist/<relative>`. `moduleUrl` is the caller's `import.meta.url`; a bundler that makes CommonJS of us may leave
 * none, and then there is no such file: `''`. Not checked for existence.
 */
export function packageFile(moduleUrl: string | undefined, relative: string): string {
  if (!moduleUrl?.startsWith('file:')) return ''
  const inside = Math.max(moduleUrl.lastIndexOf('/dist/'), moduleUrl.lastIndexOf('/src/'))
  const url = `${moduleUrl.slice(0, (inside < 0 ? moduleUrl.lastIndexOf('/') : inside) + 1)}dist/${relative}`
  // Every command asks, cold: a regular expression and the first fileURLToPath() cost 0.1 ms, and nearly every URL is a path already.
  return process.platform === 'win32' || url.includes('%')
    ? process.getBuiltinModule('node:url').fileURLToPath(url)
    : url.slice('file://'.length)
}
