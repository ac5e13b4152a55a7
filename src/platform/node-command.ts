/**
 * A command's name to the argv that starts it, without a shell: found, its absolute path comes first, on every platform; not found,
 * the bare name, so that spawn's ENOENT says what was meant. On Windows PATHEXT decides, and a .cmd or .bat shim is followed to what
 * it starts (usually node.exe and a script), because Node starts no batch file without a shell.
 */
import { fs } from '../files/fs.ts'
import { IS_WINDOWS } from './windows-flags.ts'
import { parseWindowsShim } from './windows-shim.ts'

const { posix, win32 } = process.getBuiltinModule('node:path')

export interface CommandSurroundings {
  readonly windows: boolean
  /** PATH, as it stands in the environment. */
  readonly path: string
  /** Windows: `.COM;.EXE;.BAT;.CMD` and more. */
  readonly pathExt: string
  /** Where a name with a separator in it is looked for. */
  readonly directory: string
  /** For a shim that says `node` where no node is on the PATH: the one that runs us. */
  readonly node: string
  /** A plain file; on POSIX one that we may execute. */
  readonly isProgram: (path: string) => boolean
  /** Null when it cannot be read. */
  readonly readText: (path: string) => string | null
}

/** @returns the whole argv, `argv` last. Never throws. */
export function resolveNodeCommand(
  name: string,
  argv: readonly string[],
  around: CommandSurroundings = hereAndNow(),
): readonly string[] {
  return [...(find(name, around, SHIMS_MAX) ?? [name]), ...argv]
}

/** A shim may start a shim; two of them that start each other end here. */
const SHIMS_MAX = 4

function find(name: string, around: CommandSurroundings, shimsLeft: number): readonly string[] | null {
  if (name === '') return null
  const path = around.windows ? win32 : posix
  const isPath = around.windows ? /[\\/:]/.test(name) : name.includes('/')
  const folders = isPath ? [''] : around.path.split(path.delimiter).map((folder) => folder.replaceAll('"', ''))
  for (const folder of folders) {
    // An empty entry means "here": what a download left in the current directory is not a program of the user's.
    if (folder === '' && !isPath) continue
    const stem = path.resolve(around.directory, folder, name)
    const found = (around.windows ? withExtensions(stem, around.pathExt) : [stem]).find(around.isProgram)
    if (found !== undefined) return around.windows ? throughShims(found, around, shimsLeft) : [found]
  }
  return null
}

/** Only what CreateProcess or a shim can start: PATHEXT also names scripts of the Windows Script Host. */
function withExtensions(stem: string, pathExt: string): readonly string[] {
  const extensions = pathExt.split(';').filter((extension) => /^\.(com|exe|bat|cmd)$/i.test(extension))
  const own = win32.extname(stem).toLowerCase()
  const exact = extensions.some((extension) => extension.toLowerCase() === own) ? [stem] : []
  return [...exact, ...extensions.map((extension) => stem + extension.toLowerCase())]
}

/** A shim that is not understood stays what it is: spawn's EINVAL says so, and nothing else is started in its place. */
function throughShims(path: string, around: CommandSurroundings, shimsLeft: number): readonly string[] {
  if (!/\.(cmd|bat)$/i.test(path) || shimsLeft === 0) return [path]
  const text = around.readText(path)
  const folder = win32.dirname(path)
  const command = text === null ? null : parseWindowsShim(text, { folder, isFile: around.isProgram })
  if (command === null) return [path]
  const [program = '', ...first] = command
  const found =
    find(program, { ...around, directory: folder }, shimsLeft - 1) ??
    (/^node(\.exe)?$/i.test(program) ? [around.node] : null)
  return found === null ? [path] : [...found, ...first.map(normalizedIfPath)]
}

/** `C:\proj\node_modules\.bin\\..\prettier\bin\prettier.cjs` without its detour; flags stay. */
function normalizedIfPath(word: string): string {
  return win32.isAbsolute(word) ? win32.normalize(word) : word
}

function hereAndNow(): CommandSurroundings {
  const { env } = process // on Windows its names know no case
  return {
    windows: IS_WINDOWS,
    path: env['PATH'] ?? '',
    pathExt: env['PATHEXT'] ?? '.COM;.EXE;.BAT;.CMD',
    directory: currentDirectory(),
    node: process.execPath,
    isProgram,
    readText: (path) => {
      try {
        return fs.readFileSync(path, 'utf8')
      } catch {
        return null // gone again, or not ours to read
      }
    },
  }
}

function currentDirectory(): string {
  try {
    return process.cwd()
  } catch {
    return IS_WINDOWS ? 'C:\\' : '/' // deleted
  }
}

function isProgram(path: string): boolean {
  try {
    if (fs.statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return false
    if (!IS_WINDOWS) fs.accessSync(path, fs.constants.X_OK)
    return true
  } catch {
    return false
  }
}
