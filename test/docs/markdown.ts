/** Reading our own pages: tables, links. */
import fs from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../support/packed-package.ts'

export function readPage(path: string): string {
  return fs.readFileSync(join(ROOT, path), 'utf8')
}

/** README.md and everything under docs, relative to the root. */
export function pages(): readonly string[] {
  const docs = fs.readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
  return ['README.md', ...docs.filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)].sort()
}

/** The rows of the table whose header begins with these cells, without their back quotes. Throws if there is none. */
export function table(page: string, ...header: readonly string[]): readonly (readonly string[])[] {
  const lines = readPage(page).split('\n')
  const at = lines.findIndex((line) => line.startsWith(`| ${header.join(' | ')} |`))
  if (at === -1) throw new Error(`${page}: there is no table | ${header.join(' | ')} |`)
  const length = lines.slice(at + 2).findIndex((line) => !line.startsWith('|'))
  return lines.slice(at + 2, at + 2 + length).map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.replaceAll('`', '').trim()),
  )
}

/** `32 KiB`, `1,000`, `30 d`: how a page writes a limit, by the unit in its name. */
export function written(name: string, value: number): string {
  if (name.endsWith('Ms')) return duration(value)
  if (/Bytes/.test(name)) return value % 2 ** 20 === 0 ? `${value / 2 ** 20} MiB` : `${value / 2 ** 10} KiB`
  if (value < 1) return `${value * 100} %`
  return value.toLocaleString('en-US')
}

function duration(ms: number): string {
  const hour = 3_600_000
  if (ms > 24 * hour && ms % (24 * hour) === 0) return `${ms / (24 * hour)} d`
  return ms >= hour ? `${ms / hour} h` : `${ms / 1000} s`
}
