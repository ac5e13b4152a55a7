/** The README's programs: every ts block compiles against the packed package, and the first one does what the page says. */
import fs from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startFakePostHog } from '../support/fake-posthog.ts'
import { makeHome } from '../support/home.ts'
import { manifest, type Project, projectWithPackage, ROOT } from '../support/packed-package.ts'
import { runNode } from '../support/run.ts'

const README = fs.readFileSync(join(ROOT, 'README.md'), 'utf8')
const blocks = [...README.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code ?? '')
const HOST = 'https://eu.i.posthog.com'

let project: Project
beforeAll(() => {
  project = projectWithPackage(['@types/node', '@types/yargs', 'libsql'])
  for (const [index, code] of blocks.entries()) fs.writeFileSync(join(project.path, `block-${index}.ts`), code)
})
afterAll(() => project.remove())

test('all ts blocks compile', async () => {
  expect(blocks.length).toBeGreaterThanOrEqual(5)
  const compilerOptions = { module: 'nodenext', target: 'es2023', strict: true, noEmit: true, types: ['node'] }
  expect(await compile('project', compilerOptions, ['*.ts'])).toBe('')
})

test.each(['node20', 'nodenext'])('a CommonJS TypeScript caller compiles with module %s', async (module) => {
  fs.writeFileSync(
    join(project.path, 'caller.cts'),
    `import { CommandTracker } from '${manifest.name}'\nexport const t: typeof CommandTracker = CommandTracker\n`,
  )
  expect(
    await compile(module, { module, target: 'es2023', strict: true, noEmit: true, types: ['node'] }, ['*.cts']),
  ).toBe('')
})

describe('the first block', () => {
  test('prints what it says, ends with 0, and its event is accepted', async () => {
    const home = makeHome()
    const posthog = await startFakePostHog()
    const { code, stdout, stderr } = await runBlock(0, home.env(), posthog.url)
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'Hello.\n', stderr: '' })
    const event = await posthog.waitFor((server) => server.acceptedEvents[0])
    expect(event).toMatchObject({
      event: 'CLI execution succeeded',
      properties: { command_name: 'hello', cli_version: '1.2.3', outcome: 'ok' },
    })
    await home.quiet()
    expect(home.pending()).toEqual([])
    await posthog.close()
  })

  test.each([
    ['DO_NOT_TRACK', '1'],
    ['ACME_USAGE_TRACKING', '0'],
    ['ACME_USAGE_TRACKING', 'off'],
    ['ACME_USAGE_TRACKING', ''],
    ['CI', 'true'],
  ])('with %s=%s writes nothing', async (name, value) => {
    const home = makeHome()
    const { code, stdout, stderr } = await runBlock(0, home.env({ [name]: value }))
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'Hello.\n', stderr: '' })
    expect(fs.readdirSync(home.path)).toEqual([])
  })

  test('with ACME_USAGE_TRACKING=log prints the event and writes nothing', async () => {
    const home = makeHome()
    const { stdout, stderr } = await runBlock(0, home.env({ ACME_USAGE_TRACKING: 'log' }))
    expect(stdout).toBe('Hello.\n')
    expect(stderr).toContain('"command_name": "hello"')
    expect(fs.readdirSync(home.path)).toEqual([])
  })
})

test("the collector's block runs", async () => {
  const home = makeHome()
  const index = blocks.findIndex((code) => code.includes('startCollector'))
  const { code, stdout } = await runBlock(index, home.env())
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^the host .*http:\/\/127\.0\.0\.1:\d+\n$/),
  })
})

/** The blocks are plain JavaScript but for their types, so that they run as they stand. */
async function runBlock(index: number, env: Record<string, string>, host = 'http://127.0.0.1:9') {
  const file = join(project.path, `run-${index}-${process.hrtime.bigint()}.mjs`)
  fs.writeFileSync(file, (blocks[index] ?? '').replaceAll(HOST, host))
  return await runNode([file], { cwd: project.path, env })
}

/** What tsc says. */
async function compile(name: string, compilerOptions: object, include: readonly string[]): Promise<string> {
  const config = join(project.path, `tsconfig.${name}.json`)
  fs.writeFileSync(config, JSON.stringify({ compilerOptions, include }))
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
  const { stdout, stderr } = await runNode([tsc, '-p', config], { cwd: project.path, env: { PATH: '' } })
  return stdout + stderr
}
