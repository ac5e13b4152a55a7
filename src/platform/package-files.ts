/** Where this package's built files are, from a module's own URL: in the bundle, in tsc's tree, and in the sources under test. */

/** Absolute path of `dist/<relative>`. `moduleUrl` is the caller's `import.meta.url`. Not checked for existence. */
export function packageFile(moduleUrl: string, relative: string): string {
  const root = /^(.*\/)(?:dist|src)\/(?!.*\/(?:dist|src)\/)/.exec(moduleUrl)?.[1] ?? moduleUrl.replace(/[^/]*$/, '')
  return process.getBuiltinModule('node:url').fileURLToPath(`${root}dist/${relative}`)
}
