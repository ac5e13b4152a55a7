/**
 * A file of the reporter, compiled once for all reporters of a directory. Reading and compiling it is a third of what a reporter costs;
 * V8 can write down what it has compiled (https://nodejs.org/api/vm.html, `script.createCachedData`) and take it up again.
 *
 * V8 believes that data: it looks at its own version, its flags and the length of the source, and one flipped byte crashes the process.
 * So it is kept twice in its file, and taken only if both halves are the same (a native comparison; loading zlib for a checksum costs
 * a fifth of what is won); the name says of which content, by which Node, for which processor. And because it is code, only a plain file
 * of our own that nobody else may write or has a link to is taken: see docs/SECURITY.md. Where there are no uids, and where it is not
 * plain Node that runs (Bun says of itself that it is one), none is. After a day it is made anew: should V8 ever have written what it
 * cannot read, reporters die of it for no longer than that.
 *
 * Race R52: `off` erases the folder between the reporter's last look at consent and the rename. Then a file comes into being that holds
 * nothing of anybody; the next `on` or `off` erases it.
 * Race R53: two reporters write it at once, the lock being free already. Each renames its own; one stays, and either is right.
 */
import type { Script } from 'node:vm'
import { fs } from '../files/fs.ts'
import { renameOver } from '../files/rename-over.ts'
import { TEMP_SUFFIX } from '../spool/spool-layout.ts'

export interface Compiled<T> {
  readonly exports: T
  /** Writes down what was compiled by now, if it was not taken from there. To be called when everything has run once. Never throws. */
  readonly keep: () => void
}

/** A bundle of ours begins so: `//` and a hash of what follows (rolldown.config.mjs). */
const HASH = /^\/\/([0-9a-f]{16})\n/
const BYTES_MAX = 4 * 1024 * 1024
const AGE_MS_MAX = 24 * 3_600_000
const FLAGS = fs.constants.O_RDONLY | (fs.constants.O_NOFOLLOW ?? 0) | (fs.constants.O_NONBLOCK ?? 0)

/**
 * Runs the CommonJS bundle at `file`, which requires built-in modules alone. `folder`: where it is kept; null: nowhere. Throws what
 * reading and running it throws.
 */
export function loadCompiled<T>(file: string, folder: string | null): Compiled<T> {
  const vm = process.getBuiltinModule('node:vm')
  const source = fs.readFileSync(file, 'latin1') // of ASCII alone, like every bundle of the reporter
  const hash = HASH.exec(source)?.[1]
  const isKept = folder !== null && hash !== undefined && process.getuid !== undefined && isPlainNode()
  const path = isKept ? `${folder}/${process.version}-${process.arch}-${hash}` : null
  const cachedData = path === null ? null : readKept(path)
  const script = new vm.Script(`(function(exports,require,__filename){${source}\n})`, {
    filename: file,
    ...(cachedData === null ? {} : { cachedData }),
  })
  const exports = {}
  const run = script.runInThisContext() as (...given: readonly unknown[]) => void
  run(exports, (id: string) => process.getBuiltinModule(id), file)
  return {
    exports: exports as T,
    keep: () => {
      if (path !== null && (cachedData === null || script.cachedDataRejected === true)) write(path, script)
    },
  }
}

function isPlainNode(): boolean {
  return ['bun', 'deno', 'electron'].every((name) => process.versions[name] === undefined)
}

/** Null: not there, not whole, or not ours. Never throws. */
function readKept(path: string): Buffer | null {
  let fd: number | null = null
  try {
    fd = fs.openSync(path, FLAGS)
    const stat = fs.fstatSync(fd)
    const { size } = stat
    const isOurs = stat.isFile() && stat.uid === process.getuid?.() && (stat.mode & 0o077) === 0 && stat.nlink === 1
    if (!isOurs || size === 0 || size > BYTES_MAX || Math.abs(Date.now() - stat.mtimeMs) > AGE_MS_MAX) return null
    const bytes = Buffer.allocUnsafe(size)
    if (fs.readSync(fd, bytes) !== size) return null
    const half = bytes.subarray(0, size / 2)
    return half.equals(bytes.subarray(size / 2)) ? half : null
  } catch {
    return null
  } finally {
    if (fd !== null) fs.closeSync(fd)
  }
}

function write(path: string, script: Script): void {
  const folder = path.slice(0, path.lastIndexOf('/'))
  const temporary = `${path}.${process.pid}${TEMP_SUFFIX}`
  try {
    const data = script.createCachedData()
    // Not the folders above: who removed them meanwhile does not want them back.
    if (!fs.existsSync(folder)) fs.mkdirSync(folder, { mode: 0o700 })
    fs.writeFileSync(temporary, Buffer.concat([data, data]), { mode: 0o600 })
    renameOver(temporary, path)
    tidy(folder, path)
  } catch {
    // A full disk, a folder that is gone: the next reporter compiles for itself. A SIGKILL leaves a torso to whoever writes next.
    try {
      fs.unlinkSync(temporary)
    } catch {
      // never made
    }
  }
}

/** What {@link loadCompiled} names, and its torsos. */
const OURS = /^v[\d.]+\S*-\w+-[0-9a-f]{16}(?:\.\d+\.tmp)?$/

/**
 * Keeps one more than the new one, so that two versions of Node that take turns need not compile each time; and no torso. Takes away
 * plain files of those names alone, whatever else somebody put there.
 */
function tidy(folder: string, newest: string): void {
  const others = fs
    .readdirSync(folder)
    .filter((name) => OURS.test(name) && `${folder}/${name}` !== newest)
    .map((name) => ({ path: `${folder}/${name}`, stat: fs.lstatSync(`${folder}/${name}`) }))
    .filter(({ stat }) => stat.isFile())
    .map(({ path, stat }) => ({ path, whenMs: path.endsWith(TEMP_SUFFIX) ? 0 : stat.mtimeMs }))
    .sort((a, b) => b.whenMs - a.whenMs)
  const stays = others[0]?.whenMs === 0 ? 0 : 1
  for (const { path } of others.slice(stays)) fs.rmSync(path, { force: true })
}
