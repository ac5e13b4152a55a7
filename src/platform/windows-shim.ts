/**
 * What a .cmd shim starts, without starting it: Node refuses to spawn batch files (CVE-2024-27980), and a shell would flash and
 * quote. This reads the few forms that package managers write (npm, pnpm, yarn, corepack: test/recordings/windows-shims), line by
 * line: `IF EXIST … ( … ) ELSE ( … )`, `SET`, and the one line that hands on `%*`. Anything else it does not understand, and says so.
 */

export interface ShimSurroundings {
  /** The folder of the shim, without a final backslash. */
  readonly folder: string
  readonly isFile: (path: string) => boolean
}

/**
 * The shim's command with `%*` taken away: a program (a path, or a bare name such as `node`) and its first arguments. Null: not
 * understood, or it sets a variable for what it starts, which an argv cannot carry. NODE_PATH is passed over: pnpm's shims set it
 * for packages that do not declare what they use.
 */
export function parseWindowsShim(text: string, { folder, isFile }: ShimSurroundings): readonly string[] | null {
  const variables = new Map<string, string>()
  const expand = (value: string): string =>
    value
      .replace(/%~dp0/gi, `${folder}\\`)
      .replace(/%([^%\s]+)%/g, (_, name: string) => variables.get(upper(name)) ?? '')
  /** One entry an open block: whether its lines count. */
  const blocks: boolean[] = []
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.trim().replace(/^@/, '')
    const otherwise = /^\)\s*ELSE\s*\($/i.test(line)
    if (otherwise || line === ')') {
      const was = blocks.pop()
      if (was === undefined) return null
      if (otherwise) blocks.push(!was)
      continue
    }
    if (line.endsWith('(')) {
      blocks.push(isTrue(line, expand, isFile, variables))
      continue
    }
    if (blocks.includes(false)) continue
    const set = /^SET\s+(?:"([^"=]+)=(.*)"|([^"=\s]+)=(.*))$/i.exec(line)
    if (set !== null) {
      const name = upper(set[1] ?? set[3] ?? '')
      // What the script itself reads is its own affair; the rest is meant for the program.
      if (!upper(text).includes(`%${name}%`) && name !== 'PATHEXT' && name !== 'NODE_PATH') return null
      variables.set(name, expand(set[2] ?? set[4] ?? ''))
    } else if (/%\*\s*$/.test(line)) {
      const command = words(expand(lastCommand(line.replace(/%\*\s*$/, ''))))
      return command.length === 0 ? null : command
    }
  }
  return null
}

/** Of `IF [NOT] EXIST "…" (` and `IF [NOT] DEFINED … (`; a FOR or anything else is passed over whole. */
function isTrue(
  line: string,
  expand: (value: string) => string,
  isFile: (path: string) => boolean,
  variables: ReadonlyMap<string, string>,
): boolean {
  const [, not, exists, defined] = /^IF\s+(NOT\s+)?(?:EXIST\s+"([^"]*)"|DEFINED\s+(\S+))\s*\($/i.exec(line) ?? []
  if (exists !== undefined) return isFile(expand(exists)) !== (not !== undefined)
  if (defined !== undefined) return variables.has(upper(defined)) !== (not !== undefined)
  return false
}

/** `endLocal & goto … || title %COMSPEC% & "%_prog%" …` is four commands; the last one counts. */
function lastCommand(line: string): string {
  const parts = line.match(/(?:"[^"]*"|[^"&|])+/g) ?? []
  return parts.at(-1) ?? ''
}

function words(command: string): readonly string[] {
  return (command.match(/(?:"[^"]*"|[^\s"])+/g) ?? []).map((word) => word.replaceAll('"', ''))
}

function upper(name: string): string {
  return name.toUpperCase()
}
