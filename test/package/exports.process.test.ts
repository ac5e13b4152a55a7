/** What a user's project can import of the packed package, and how. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cleanEnvironment } from '../support/environment.ts'
import { manifest, type Project, projectWithPackage } from '../support/packed-package.ts'
import { type Finished, program, runNode } from '../support/run.ts'

let project: Project
beforeAll(() => {
  project = projectWithPackage()
})
afterAll(() => project.remove())

const subpaths = Object.keys(manifest.exports).filter((subpath) => subpath !== './package.json')
const specifiers = subpaths.map((subpath) => subpath.replace('.', manifest.name))

describe.each(specifiers)('%s', (specifier) => {
  test('can be imported', async () => {
    expect(await names('--input-type=module', `import * as all from '${specifier}'`)).not.toEqual([])
  })

  test('can be required from CommonJS, without a warning', async () => {
    const required = await names('--input-type=commonjs', `const all = require('${specifier}')`)
    expect(required).toEqual(await names('--input-type=module', `import * as all from '${specifier}'`))
  })
})

test('a CommonJS host records a command', async () => {
  const script = `
    const { CommandTracker } = require('${manifest.name}')
    const tracker = new CommandTracker({ app: 'acme', version: '1.0.0', posthog: { apiKey: 'phc_test', host: 'http://127.0.0.1:9' } })
    tracker.run('build', () => 'value').then((value) => console.log(value, JSON.stringify(tracker.status().outcomes)))`
  const { stdout, stderr, code } = await run('--input-type=commonjs', script)
  expect({ stdout, stderr, code }).toEqual({ stdout: 'value {"recorded":1}\n', stderr: '', code: 0 })
})

test('an ES module host runs as it would without it', async () => {
  const env = cleanEnvironment(project.path, { DO_NOT_TRACK: '1' })
  const { stdout, stderr, code } = await runNode([program('command.mjs'), 'ok'], { env })
  expect({ stdout, stderr, code }).toEqual({ stdout: 'done\n', stderr: '', code: 0 })
})

test('nothing but the declared subpaths can be imported', async () => {
  const { code, stderr } = await run('--input-type=module', `import '${manifest.name}/dist/index.js'`)
  expect(code).toBe(1)
  expect(stderr).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED')
})

/** Sorted names that the import has; fails on anything printed to stderr. */
async function names(type: string, statement: string): Promise<readonly string[]> {
  const { stdout, stderr, code } = await run(type, `${statement}\nconsole.log(JSON.stringify(Object.keys(all).sort()))`)
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 })
  return (JSON.parse(stdout) as string[]).filter((name) => name !== '__esModule' && name !== 'module.exports')
}

function run(type: string, script: string): Promise<Finished> {
  return runNode([type, '-e', script], { cwd: project.path, env: cleanEnvironment(project.path) })
}
