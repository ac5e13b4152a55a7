/** Loads the parts of this package that a host's bundle does not hold, synchronously (it may be inside 'exit'). */
import { isLetterOrDigit, isMadeOf } from '../events/characters.ts'
import { fs } from '../files/fs.ts'
import { errorCode, readSmallFile } from '../files/read-small-file.ts'
import { packageFile } from '../platform/package-files.ts'
import type * as asking from './ask-at-begin.ts'
import { lookUpFile, reporterFile } from './child-files.ts'
import { consentFiles, consentNow, isStoredOff } from './consent-now.ts'
import type * as checks from './full-checks.ts'
import type * as launching from './launching.ts'
import { version } from '../version.ts'
import type * as changes from './rare-changes.ts'
import { registry, runningCommand } from './running-commands.ts'
import type * as recording from './recording.ts'
import type * as paths from './rare-paths.ts'

export type RarePaths = typeof paths
export type RareChanges = typeof changes

type Load = (path: string) => { readonly version?: string }

const loaded = new Map<string, object | null>()

/**
 * Null when the built file is missing, another version's or not to be loaded (a host bundled without it): then what it does is not done.
 * @rare
 */
export function loadRarePaths(): RarePaths | null {
  return load('rare-paths', compile) as RarePaths | null
}

/**
 * What says what is wrong with options and declarations. Null as above: then they are taken as they are.
 * @rare
 */
export function loadFullChecks(): typeof checks | null {
  return load('full-checks', compile) as typeof checks | null
}

/** What records a command. Null as above: then nothing is. */
export function loadRecording(): typeof recording | null {
  return load('recording', compile) as typeof recording | null
}

/**
 * What starts a reporter. Null as above: then nothing is started.
 * @rare
 */
export function loadLaunching(): typeof launching | null {
  return load('launching', compile) as typeof launching | null
}

/**
 * What asks the host who is there. Null as above: then nothing is recorded.
 * @rare
 */
export function loadAsking(): typeof asking | null {
  return load('ask-at-begin', compile) as typeof asking | null
}

/**
 * Brings proper-lockfile, write-file-atomic and uuid with it. Null as above: then nothing is changed.
 * @rare
 */
export function loadRareChanges(): RareChanges | null {
  return load(
    'rare-changes',
    (path) => process.getBuiltinModule('node:module').createRequire(path)(path) as ReturnType<Load>,
  ) as RareChanges | null
}

function load(name: string, how: Load): unknown {
  if (loaded.has(name)) return loaded.get(name)
  let found: ReturnType<Load> | null = null
  try {
    const file = how(packageFile(import.meta.url, `tracker/${name}.cjs`))
    if (file.version === version) found = file // another one: an upgrade replaced it in mid-run
  } catch {
    // missing, or half of it: counted by whoever asked
  }
  loaded.set(name, found)
  return found
}

/**
 * As `require` of a file that requires built-in modules and us alone, at a third of its price in an ES module (0.5 against 1.5 ms): no
 * resolution, no cache, no package.json.
 */
function compile(path: string): ReturnType<Load> {
  const exports = {}
  const code = fs.readFileSync(path, 'utf8')
  process
    .getBuiltinModule('node:vm')
    .compileFunction(code, ['exports', 'require', '__filename'], { filename: path })
    .call(exports, exports, /* @soon */ (id: string) => (id === 'host' ? inHost() : process.getBuiltinModule(id)), path)
  return exports
}

/** What those files need of the bundle that loads them (rolldown.config.mjs, sharedWithHost): there it would be compiled a second time. */
function inHost(): object {
  return {
    isLetterOrDigit,
    isMadeOf,
    lookUpFile,
    reporterFile,
    consentNow,
    consentFiles,
    isStoredOff,
    errorCode,
    readSmallFile,
    registry,
    runningCommand,
    loadRarePaths,
    loadRareChanges,
    loadLaunching,
    loadAsking,
  }
}
