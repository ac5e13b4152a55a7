/**
 * The import rules, and the proof that they looked at something. `node test/package/check-imports.mjs [root] [least modules]`:
 * `root` holds `src` (default: this package).
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('../..', import.meta.url))
const root = process.argv[2] ?? here
const leastModules = Number(process.argv[3] ?? 60)

const program = fileURLToPath(new URL('../../bin/dependency-cruise.mjs', import.meta.resolve('dependency-cruiser')))
const { modules, summary } = cruise()
const own = modules.filter(({ source }) => source.startsWith('src/'))
const typeOnly = own
  .flatMap(({ dependencies }) => dependencies)
  .filter(({ dependencyTypes }) => dependencyTypes.includes('type-only'))

const complaints = summary.violations.map(
  ({ rule, from, to, cycle, via }) =>
    `${rule.name}: ${[from, ...(cycle ?? via ?? [{ name: to }]).map((step) => step.name ?? step)].join(' → ')}`,
)
if (own.length < leastModules) complaints.push(`saw ${own.length} modules under src, wants at least ${leastModules}`)
if (leastModules > 0 && typeOnly.length === 0) complaints.push('saw no type-only import: is TypeScript 6 there?')

if (complaints.length > 0) {
  console.error(complaints.join('\n'))
  process.exitCode = 1
} else {
  console.log(`imports: ${own.length} modules of src, ${typeOnly.length} type-only imports, no violation`)
}

function cruise() {
  const args = [program, 'src', '--config', `${here}/.dependency-cruiser.mjs`, '-T', 'json']
  try {
    return JSON.parse(execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 28 }))
  } catch (error) {
    if (error.stdout?.startsWith('{')) return JSON.parse(error.stdout) // violations make its exit code
    throw error
  }
}
