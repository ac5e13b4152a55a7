/** Windows' node.exe under Wine, where test/wine/setup.sh has prepared it. Folders of tests are seen from both sides: `Z:` is `/`. */
import { spawn, spawnSync } from 'node:child_process'
import { closeSync, cpSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

const folder = process.env['AFTERWORD_WINE'] ?? new URL('../../.afterword-test/wine', import.meta.url).pathname

/** Null: the lane cannot run here. */
export const wine: string | null = existsSync(join(folder, 'ready')) ? folder : null
export const reasonIfNoWine: string = wine === null ? ' (skipped: sh test/wine/setup.sh has not run)' : ''

/** As a URL for import(), and as a path. */
export const WINDOWS_DIST: string = `file:///Z:${new URL('../../dist', import.meta.url).pathname}`
export const WINDOWS_NODE: string = onWindows(join(folder, 'node.exe'))

export function onWindows(path: string): string {
  return `Z:${path.replaceAll('/', '\\')}`
}

export interface WindowsRun {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  readonly wallMs: number
}

/** Runs node.exe with these arguments. Its streams are files: a Unix pipe makes it fail with EBADF. */
export async function runWindowsNode(
  args: readonly string[],
  added: Readonly<Record<string, string>> = {},
): Promise<WindowsRun> {
  const streams = folderOfThisTest('streams-')
  const [out, err] = ['out', 'err'].map((name) => openSync(join(streams, name), 'w')) as [number, number]
  const startedAt = performance.now()
  const child = spawn('wine', [join(folder, 'node.exe'), ...args], {
    env: { ...wineEnvironment(), ...added },
    stdio: ['ignore', out, err],
  })
  closeSync(out)
  closeSync(err)
  onTestFinished(() => void child.kill('SIGKILL'))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', resolve)
  })
  const wallMs = performance.now() - startedAt
  const read = (name: string): string => readFileSync(join(streams, name), 'utf8')
  // Wine's own complaints of a process that ends in mid-call are not the program's.
  const stderr = read('err').replace(/^wine client error:.*\n?/gm, '')
  return { code, stdout: read('out'), stderr, wallMs }
}

/** A copy of test/programs/windows beside koffi, where a host's main module would find it; removed by {@link endWine}. */
export function windowsPrograms(): (name: string) => string {
  const programs = join(folder, 'programs')
  cpSync(new URL('../programs/windows', import.meta.url).pathname, programs, { recursive: true })
  return (name) => onWindows(join(programs, name))
}

/** Ends every process of the lane's prefix: nothing outlives the tests. */
export function endWine(): void {
  if (wine === null) return
  spawnSync('wineserver', ['-k'], { env: wineEnvironment() })
  spawnSync('wineserver', ['-w'], { env: wineEnvironment(), timeout: 20_000 })
}

export function folderOfThisTest(prefix = 'windows-'): string {
  const made = mkdtempSync(join(process.env['AFTERWORD_TEST_HOME'] ?? tmpdir(), prefix))
  onTestFinished(() => rmSync(made, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }))
  return made
}

function wineEnvironment(): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    WINEPREFIX: join(folder, 'prefix'),
    WINEARCH: 'win64',
    WINEDEBUG: '-all',
    WINEDLLOVERRIDES: 'mscoree,mshtml=',
  }
}
