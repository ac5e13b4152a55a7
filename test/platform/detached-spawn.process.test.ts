import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { once } from 'node:events'
import { beforeEach, describe, expect, it } from 'vitest'
import { type Home, makeHome } from '../support/home.ts'
import { runNode, start } from '../support/run.ts'
import { waitUntil } from '../support/wait-until.ts'

const MODULE = new URL('../../dist/platform/detached-spawn.js', import.meta.url).href
const BOUNDED = new URL('../../dist/platform/bounded-spawn.js', import.meta.url).href

let home: Home
let script: string
beforeEach(() => {
  home = makeHome()
  script = `${home.path}/child.cjs`
  // Says what it is, and waits to be killed.
  writeFileSync(
    script,
    `require('node:fs').writeFileSync(process.env.SAY + '.tmp', JSON.stringify({
       argv: process.argv.slice(2), execArgv: process.execArgv, execPath: process.execPath, cwd: process.cwd(), env: process.env,
       pid: process.pid, ppid: process.ppid }))
     require('node:fs').renameSync(process.env.SAY + '.tmp', process.env.SAY)
     setInterval(() => {}, 1000)`,
  )
})

const request = (more: object = {}): string =>
  JSON.stringify({
    script,
    args: ['one', 'two words'],
    // The role variable: so that the home finds and ends it.
    variables: { SAY: `${home.path}/said`, AFTERWORD_REPORTER: home.path },
    boxSeconds: 10,
    ...more,
  })

/** Runs an expression over the module `m` in a host of its own; its JSON. */
async function inHost(
  expression: string,
  {
    before = '',
    env = {},
    node = process.execPath,
  }: { before?: string; env?: Record<string, string>; node?: string } = {},
): Promise<Record<string, unknown>> {
  const text = `${before}; const m = await import(${JSON.stringify(MODULE)}); const b = await import(${JSON.stringify(BOUNDED)}); console.log(JSON.stringify(${expression}))`
  const end = await start(node, ['--input-type=module', '-e', text], { env: home.env(env) }).finished
  if (end.code !== 0 || end.stderr !== '') throw new Error(`${end.code}: ${end.stderr}`)
  return JSON.parse(end.stdout) as Record<string, unknown>
}

async function said(): Promise<Record<string, unknown>> {
  const text = await waitUntil('the child has said what it is', () => {
    try {
      return readFileSync(`${home.path}/said`, 'utf8')
    } catch {
      return null
    }
  })
  return JSON.parse(text) as Record<string, unknown>
}

describe('detachedSpawn()', () => {
  it('starts it under an outside box, with its arguments, at the root, and lets the host go', async () => {
    const outcome = await inHost(`m.detachedSpawn(${request()})`)
    expect(outcome).toMatchObject({ kind: 'spawned', box: 'outside', pid: expect.any(Number) })
    const child = await said()
    expect(child).toMatchObject({ argv: ['one', 'two words'], execArgv: ['--v8-pool-size=0'], cwd: '/' })
    expect(child['ppid']).toBe(outcome['pid']) // `timeout`
    expect(child['env']).toMatchObject({ AFTERWORD_BOX: 'outside', HOME: home.path })
  })

  it('without `timeout` starts Node itself, and says that the box is inside', async () => {
    const before = `const { default: fs } = await import('node:fs'); const { existsSync } = fs
      fs.existsSync = (path) => !String(path).endsWith('/timeout') && existsSync(path)`
    const outcome = await inHost(`m.detachedSpawn(${request()})`, { before })
    expect(outcome).toMatchObject({ kind: 'spawned', box: 'inside' })
    const child = await said()
    expect(child['pid']).toBe(outcome['pid'])
    expect(child['env']).toMatchObject({ AFTERWORD_BOX: 'inside' })
  })

  it('works inside exit', async () => {
    await inHost('1', {
      before: `const M = await import(${JSON.stringify(MODULE)}); process.on('exit', () => M.detachedSpawn(${request()}))`,
    })
    expect(await said()).toMatchObject({ cwd: '/' })
  })

  it('works where the working directory is gone', async () => {
    mkdirSync(`${home.path}/gone`)
    const before = `process.chdir('${home.path}/gone'); (await import('node:fs')).rmdirSync('${home.path}/gone')`
    expect(await inHost(`m.detachedSpawn(${request()})`, { before })).toMatchObject({ kind: 'spawned' })
    expect(await said()).toMatchObject({ cwd: '/' })
  })

  it('works where an upgrade has deleted the executable', async () => {
    const node = `${home.path}/node`
    copyFileSync(process.execPath, node)
    const before = `(await import('node:fs')).unlinkSync('${node}')`
    const outcome = await inHost(`m.detachedSpawn(${request()})`, { before, node })
    expect(outcome).toMatchObject({ kind: 'spawned', box: 'inside' })
    expect((await said())['pid']).toBe(outcome['pid'])
  })

  it.each<[string, string, { before?: string; env?: Record<string, string> }, unknown]>([
    ['a script that is not there', `{ script: '/nonexistent.cjs' }`, {}, { kind: 'refused', reason: 'script-missing' }],
    [
      'Electron',
      '{}',
      { before: "Object.defineProperty(process.versions, 'electron', { value: '9' })" },
      { kind: 'refused', reason: 'unsupported-runtime' },
    ],
    ['pkg', '{}', { before: 'process.pkg = {}' }, { kind: 'refused', reason: 'unsupported-runtime' }],
    [
      'a single executable',
      '{}',
      { before: "process.execPath = '/usr/bin/acme'" },
      { kind: 'refused', reason: 'unsupported-runtime' },
    ],
    [
      'an argument that no system takes',
      `{ args: ['a\\0b'] }`,
      {},
      { kind: 'failed', reason: 'ERR_INVALID_ARG_VALUE' },
    ],
    [
      'a variable beyond the limit',
      `{ variables: { X: 'x'.repeat(200_000) } }`,
      {},
      { kind: 'failed', reason: 'E2BIG' },
    ],
    [
      'an executable that is none',
      '{}',
      {
        before:
          "process.execPath = '/etc/node'; const f = (await import('node:fs')).default; const e = f.existsSync; f.existsSync = (p) => p === '/etc/node' || (!String(p).endsWith('/timeout') && e(p))",
      },
      { kind: 'failed', reason: 'ENOENT' },
    ],
  ])('refuses or fails as an outcome: %s', async (_, more, options, expected) => {
    expect(await inHost(`m.detachedSpawn({ ...${request()}, ...${more} })`, options)).toEqual(expected)
  })

  it('refuses in a worker thread', async () => {
    const worker = new Worker(
      `import(${JSON.stringify(MODULE)}).then((m) => require('node:worker_threads').parentPort.postMessage([m.detachedSpawn(${request()}), m.canSpawnHere()]))`,
      { eval: true },
    )
    const [answer] = (await once(worker, 'message')) as unknown[]
    await worker.terminate()
    expect(answer).toEqual([{ kind: 'refused', reason: 'worker-thread' }, false])
  })

  it('hands on no variable that is not on the list, nor one of absurd length', async () => {
    const env = {
      SECRET: 's',
      LC_ALL: 'C',
      https_proxy: 'http://p',
      TZ: 'x'.repeat(40_000),
      NODE_OPTIONS: '--no-warnings',
    }
    await inHost(`m.detachedSpawn(${request()})`, { env })
    const names = Object.keys((await said())['env'] as object).toSorted()
    expect(names).toEqual(
      ['AFTERWORD_BOX', 'AFTERWORD_REPORTER', 'HOME', 'LC_ALL', 'SAY', 'TMPDIR', 'https_proxy'].toSorted(),
    )
  })
})

describe('boundedSpawnSync()', () => {
  it('gives code and output, and takes input', async () => {
    writeFileSync(
      script,
      `process.stdin.on('data', (d) => process.stdout.write('<' + d + '>')).on('end', () => { process.exitCode = 3 })`,
    )
    expect(await inHost(`b.boundedSpawnSync(${request()}, 10_000, 'in')`)).toEqual({
      kind: 'exited',
      code: 3,
      stdout: '<in>',
    })
    writeFileSync(script, `process.exitCode = process.stdin.read() === null ? 0 : 1`)
    expect(await inHost(`b.boundedSpawnSync(${request()}, 10_000)`)).toEqual({ kind: 'exited', code: 0, stdout: '' })
  })

  it('kills what does not end, and the host goes on', async () => {
    writeFileSync(script, `process.on('SIGTERM', () => {}); process.stdout.write('begun'); for (;;);`)
    const startedAt = Date.now()
    expect(await inHost(`b.boundedSpawnSync(${request()}, 400)`)).toMatchObject({ kind: 'exited', code: null })
    expect(Date.now() - startedAt).toBeLessThan(5000)
  })
})

describe('killableSpawn()', () => {
  it('is a child with pipes, or null', async () => {
    writeFileSync(script, `process.stdin.pipe(process.stdout)`)
    const { stdout } = await runNode(
      [
        '--input-type=module',
        '-e',
        `const m = await import(${JSON.stringify(BOUNDED)}); const child = m.killableSpawn(${request()})
         child.stdout.on('data', (d) => console.log(String(d))); child.stdin.end('echo')
         console.log(m.killableSpawn({ ...${request()}, script: '/nonexistent.cjs' }))`,
      ],
      { env: home.env() },
    )
    expect(stdout).toBe('null\necho\n')
  })
})

describe('descriptors that a shell leaks into the host', () => {
  it.each<[string, string]>([
    ['boundedSpawnSync()', `console.log(b.boundedSpawnSync(request, 10_000).stdout)`],
    ['killableSpawn()', `b.killableSpawn(request).stdout.on('data', (d) => console.log(String(d)))`],
  ])('%s hands on none of them', async (_, act) => {
    const list = `console.log(JSON.stringify(fs.readdirSync('/proc/self/fd').map((fd) => { try { return fs.readlinkSync('/proc/self/fd/' + fd) } catch { return '' } })))`
    writeFileSync(script, `const fs = require('node:fs'); ${list}`)
    const host = `const b = await import(${JSON.stringify(BOUNDED)}); const fs = await import('node:fs'); ${list}
      const request = ${request()}; ${act}`
    const words = [process.execPath, '--input-type=module', '-e', host]
    const shell = `exec 20>'${home.path}/lock-20' 200>'${home.path}/lock-200'; exec "$@"`
    const { stdout, stderr } = await start('bash', ['-c', shell, 'bash', ...words], { env: home.env() }).finished
    expect(stderr).toBe('')
    const [ofHost = '', ofChild = ''] = stdout.trim().split('\n')
    expect(ofHost).toContain('lock-200')
    expect(ofChild).toContain('/dev/null')
    expect(ofChild).not.toContain('lock-')
  })
})
