/** The names and the looks at a state directory that every command needs; making one, and saying what is wrong with it: state-directory.ts. */
import { S_IFDIR, S_IFLNK, S_IFMT } from '../files/file-type.ts'
import { fs } from '../files/fs.ts'

const OUR_UID = process.getuid?.()

/** Everything is there and ours: two `lstat`s. `directory` may be a link, `telemetry/` may not. False: look properly. */
export function isStateDirectory(directory: string): boolean {
  try {
    return isOurFolder(directory, true) && isOurFolder(`${directory}/telemetry`, false)
  } catch {
    return false // not there yet, or not to be looked at
  }
}

/** Not `statSync` at once: its first use costs 0.09 ms, and `lstatSync` has been used by then. */
function isOurFolder(path: string, mayBeLink: boolean): boolean {
  const seen = fs.lstatSync(path)
  const stat = mayBeLink && (seen.mode & S_IFMT) === S_IFLNK ? fs.statSync(path) : seen
  return (stat.mode & S_IFMT) === S_IFDIR && isOurs(stat.uid)
}

export function isOurs(uid: number): boolean {
  return OUR_UID === undefined || uid === OUR_UID
}

/** The stand-ins of a directory of ours that cannot be written, in order. */
export function fallbackDirectories(
  app: string,
  variables: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const runtime = variables['XDG_RUNTIME_DIR']
  const temporary = `${temporaryDirectory(variables)}/${app}${OUR_UID === undefined ? '' : `-${OUR_UID}`}`
  return runtime?.startsWith('/') ? [`${runtime}/${app}`, temporary] : [temporary]
}

/** `os.tmpdir()` without loading node:os, where that is easy. */
function temporaryDirectory(variables: Readonly<Record<string, string | undefined>>): string {
  if (process.platform === 'win32') return temporaryDirectoryOnWindows()
  const directory = variables['TMPDIR'] || variables['TMP'] || variables['TEMP'] || '/tmp'
  return directory.length > 1 && directory.endsWith('/') ? directory.slice(0, -1) : directory
}

/** @rare */
function temporaryDirectoryOnWindows(): string {
  return process.getBuiltinModule('node:os').tmpdir()
}

/** `~/.<app>` from HOME or the passwd entry; null when there is neither. */
export function defaultDirectory(app: string): string | null {
  const home = process.env['HOME']
  return process.platform !== 'win32' && home?.startsWith('/') && !home.endsWith('/')
    ? `${home}/.${app}`
    : otherDirectory(app)
}

/** @rare */
function otherDirectory(app: string): string | null {
  try {
    const home = (process.platform !== 'win32' && process.env['HOME']) || process.getBuiltinModule('node:os').homedir()
    const bare = home.endsWith('/') || home.endsWith('\\') ? home.slice(0, -1) : home
    return home.startsWith('/') || /^(\\|[A-Za-z]:)/.test(home) ? `${bare}/.${app}` : null
  } catch {
    return null // no HOME and no passwd entry: os.homedir() throws
  }
}
