/**
 * Whose telemetry a command is about: an app, its directory, and the stand-ins that an unwritable home has made. There is no host
 * code here: what it does in CI and whether it shows a notice of ours is not known, so consent is decided as if it did neither.
 */
import { accessSync, constants, lstatSync, statSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { errorCode } from '../files/read-small-file.ts'
import { defaultDirectory, fallbackDirectories } from '../platform/own-directory.ts'
import type { StatusSettings } from '../tracker/tracker-status.ts'

export interface PlaceOptions {
  readonly app?: string | undefined
  readonly directory?: string | undefined
}

export type Place = StatusSettings

const DEFAULT_APP = 'afterword'
const APP = /^[A-Za-z0-9][\w.-]{0,63}$/

/** Null if it is fine, else what is wrong with it. */
export function complaintAbout({ app, directory }: PlaceOptions): string | null {
  if (app !== undefined && !APP.test(app)) return `--app is '${app}', wants a name of letters, digits, dots and dashes`
  return directory === '' ? '--directory is empty, wants a folder such as ~/.acme' : null
}

/** A directory without a name is the app's of the same name: `~/.acme` is acme's. */
export function resolvePlace({ app, directory }: PlaceOptions): Place {
  const name = app ?? (directory === undefined ? DEFAULT_APP : nameOf(directory))
  return {
    app: name,
    directory: directory === undefined ? defaultDirectory(name) : resolve(directory),
    ci: 'off',
    notice: null,
  }
}

/** The stand-ins that were really used: folders of ours that nobody else can look into. Nothing is made here. */
export function standInsOf({ app, directory }: Place): readonly string[] {
  return fallbackDirectories(app, process.env).filter((path) => path !== directory && isPrivate(path))
}

/** Where events of this app may wait: its directory, if there is a home, and its stand-ins. */
export function directoriesOf(place: Place): readonly string[] {
  return [...(place.directory === null ? [] : [place.directory]), ...standInsOf(place)]
}

/**
 * Why nothing can be kept in a directory that is there, in the words of state-directory.ts (or an errno code); null if it can, or
 * is not there. Unlike openStateDirectory() it makes nothing.
 */
export function whyUnusable(directory: string): string | null {
  try {
    const telemetry = `${directory}/telemetry`
    for (const look of [() => statSync(directory), () => lstatSync(telemetry)]) {
      const stat = look()
      if (!stat.isDirectory()) return 'not-a-directory'
      if (process.getuid !== undefined && stat.uid !== process.getuid()) return 'not-ours'
    }
    accessSync(telemetry, constants.W_OK)
    return null
  } catch (error) {
    const code = errorCode(error)
    return code === 'ENOENT' ? null : code === 'ENOTDIR' ? 'not-a-directory' : code
  }
}

function nameOf(directory: string): string {
  const name = basename(resolve(directory)).replace(/^\.+/, '')
  return APP.test(name) ? name : DEFAULT_APP
}

function isPrivate(path: string): boolean {
  try {
    const stat = lstatSync(path)
    const ours = process.getuid === undefined || (stat.uid === process.getuid() && (stat.mode & 0o077) === 0)
    return stat.isDirectory() && ours && lstatSync(`${path}/telemetry`).isDirectory()
  } catch {
    return false // never made
  }
}
