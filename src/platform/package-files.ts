/** Where this package's built files are, from a module's own URL: in the bundle, in tsc's tree, and in the sources under test. */

/**
 * Absolute path of `dist/<relative>`. `moduleUrl` is the caller's `import.meta.url`; a bundler that makes CommonJS of us may leave
 * none, and then there is no such file: `''`. Not checked for existence.
 */
export function packageFile(moduleUrl: string | undefined, relative: string): string {
  if (!moduleUrl?.startsWith('file:')) return ''
  const root = /^(.*\/)(?:dist|src)\/(?!.*\/(?:dist|src)\/)/.exec(moduleUrl)?.[1] ?? moduleUrl.replace(/[^/]*$/, '')
  return process.getBuiltinModule('node:url').fileURLToPath(`${root}dist/${relative}`)
}
