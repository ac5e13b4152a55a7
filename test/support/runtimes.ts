/** Bun, Deno, postject, and Node 24 and 26, where test/runtimes/setup.sh has put them; null where it has not run. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const folder = process.env['AFTERWORD_RUNTIMES'] ?? new URL('../../.afterword-test/runtimes', import.meta.url).pathname

export const bun: string | null = installed('bun/bin/bun.exe')
export const deno: string | null = installed(
  `@deno/${process.platform}-${process.arch}${process.platform === 'linux' ? '-glibc' : ''}/deno`,
)
export const node24: string | null = installed('node24/bin/node')
export const node26: string | null = installed('node26/bin/node')
export const postject: string | null = installed('postject/dist/cli.js')

/** For the title of a test that is skipped. */
export function reasonIfMissing(tool: string | null): string {
  return tool === null ? ' (skipped: sh test/runtimes/setup.sh has not run)' : ''
}

function installed(path: string): string | null {
  const found = join(folder, 'node_modules', path)
  return existsSync(found) ? found : null
}
