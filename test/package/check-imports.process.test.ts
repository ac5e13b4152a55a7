/** The import rules are rules: each of these small trees breaks one of them. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'

const CHECK = new URL('./check-imports.mjs', import.meta.url).pathname

test.each<[rule: string, files: Readonly<Record<string, string>>]>([
  ['files-imports', { 'files/a.ts': "import '../spool/b.ts'", 'spool/b.ts': 'export {}' }],
  ['tracker-imports', { 'tracker/a.ts': "import '../reporter/main.ts'", 'reporter/main.ts': 'export {}' }],
  [
    'events-imports',
    { 'events/a.ts': "import type { B } from '../tracker/b.ts'", 'tracker/b.ts': 'export type B = 1' },
  ],
  [
    'no-cycles',
    {
      'events/a.ts': "import type { B } from './b.ts'\nexport type A = B",
      'events/b.ts': "import type { A } from './a.ts'\nexport type B = A",
    },
  ],
  [
    'light-door',
    {
      'index.ts': "export * from './tracker/a.ts'",
      'tracker/a.ts': "import '../platform/b.ts'",
      'platform/b.ts': "import '../cli/c.ts'",
      'cli/c.ts': 'export {}',
    },
  ],
  [
    'package-yargs',
    {
      'tracker/a.ts': "import 'yargs'",
      '../node_modules/yargs/package.json': '{"name":"yargs","main":"index.js"}',
      '../node_modules/yargs/index.js': '',
    },
  ],
  ['child-process', { 'tracker/a.ts': "import 'node:child_process'" }],
  ['folders-listed', { 'utils/a.ts': "import './b.ts'", 'utils/b.ts': 'export {}' }],
  ['resolvable', { 'events/a.ts': "import 'a-package-that-is-not-there'" }],
])('%s is broken by its example', (rule, files) => {
  expect(check(files)).toContain(rule)
})

test('too few modules are a failure, not a clean bill', () => {
  expect(check({ 'events/a.ts': 'export {}' }, 60)).toContain('saw 1 modules under src, wants at least 60')
})

/** What the check complains about; throws if it does not. */
function check(files: Readonly<Record<string, string>>, leastModules = 0): string {
  const root = mkdtempSync(join(tmpdir(), 'afterword-imports-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  writeFileSync(join(root, 'tsconfig.json'), '{"compilerOptions":{"module":"nodenext"},"include":["src"]}')
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, 'src', path)), { recursive: true })
    writeFileSync(join(root, 'src', path), `${text}\n`)
  }
  try {
    const said = execFileSync(process.execPath, [CHECK, root, String(leastModules)], {
      encoding: 'utf8',
      stdio: 'pipe',
    })
    throw new Error(`no complaint: ${said}`)
  } catch (error) {
    const { status, stderr } = error as { status?: number; stderr?: string }
    if (status !== 1 || stderr === undefined) throw error
    return stderr
  }
}
