import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { reporterProcesses, runCommand } from '../support/acme.ts'
import { type FakePostHog, startFakePostHog } from '../support/fake-posthog.ts'
import { type Home, makeHome } from '../support/home.ts'
import { program, runNode, start } from '../support/run.ts'
import { waitUntil } from '../support/wait-until.ts'

let home: Home
let posthog: FakePostHog
beforeEach(async () => {
  home = makeHome()
  posthog = await startFakePostHog()
  onTestFinished(() => posthog.close())
})

/** The reporter's Node process, held alive by a request without an answer. */
async function heldReporter(): Promise<number> {
  await posthog.waitFor(({ requests }) => requests.length === 1)
  const found = await waitUntil('a reporter lives', () => reporterProcesses(home).find((one) => one.program === 'node'))
  return found.pid
}

describe('the reporter as a process', () => {
  beforeEach(() => posthog.respond('hang'))

  it('inherits an allow-listed environment, no directory, no descriptor, and stands behind everybody else', async () => {
    const secret = 'sk_live_not_for_children'
    const env = {
      ACME_TOKEN: secret,
      NODE_OPTIONS: '--no-warnings',
      npm_config_registry: secret,
      LD_PRELOAD: '',
      LANG: 'C.UTF-8',
      NODE_V8_COVERAGE: `${home.path}/coverage`,
    }
    const { stderr } = await runCommand(home, posthog.url, { env })
    expect(stderr).toBe('')
    const pid = await heldReporter()
    const variables = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').filter(Boolean)
    expect(variables.join('\n')).not.toContain(secret)
    const names = variables.map((variable) => variable.split('=')[0])
    expect(new Set(names)).toEqual(new Set(['AFTERWORD_BOX', 'AFTERWORD_REPORTER', 'HOME', 'LANG', 'TMPDIR']))
    expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).not.toMatch(/phc_test|toolkit|http/)
    expect(readlinkSync(`/proc/${pid}/cwd`)).toBe('/')
    expect(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8').trim()).toBe('1000')
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')
    expect(stat[16]).toBe('19') // nice
    expect(stat[3]).not.toBe(
      readFileSync('/proc/self/stat', 'utf8')
        .replace(/^.*\) /, '')
        .split(' ')[3],
    ) // session
    expect(/^Umask:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]).toBe('0077')
    for (const fd of ['0', '1', '2']) expect(readlinkSync(`/proc/${pid}/fd/${fd}`)).toBe('/dev/null')
  })

  it('does not hold the locks of the shell that ran the command', async () => {
    const locks = [20, 200].map((fd) => ({ fd, path: `${home.path}/lock-${fd}` }))
    const opens = locks.map(({ fd, path }) => `exec ${fd}>'${path}'; flock ${fd}`).join('; ')
    const script = `${opens}; '${process.execPath}' '${program('command.mjs')}' ok`
    const { code, stderr } = await start('bash', ['-c', script], { env: home.env({ POSTHOG: posthog.url }) }).finished
    expect([code, stderr]).toEqual([0, ''])
    const pid = await heldReporter()
    const open = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkQuietly(`/proc/${pid}/fd/${fd}`))
    expect(open.filter((target) => target.startsWith(home.path))).toEqual([])
    for (const { path } of locks) {
      const { code: free } = await start('flock', ['-n', path, 'true'], { env: home.env() }).finished
      expect(free).toBe(0)
    }
  })

  it('does not hold whoever reads what the command says', async () => {
    const script = `'${process.execPath}' '${program('command.mjs')}' ok | cat; x=$('${process.execPath}' '${program('command.mjs')}' ok); echo "got $x"`
    const { stdout } = await start('bash', ['-c', script], { env: home.env({ POSTHOG: posthog.url }) }).finished
    expect(stdout).toBe('done\ngot done\n')
    expect(await heldReporter()).toBeGreaterThan(0) // still at work when both were read to their ends
  })
})

describe('what reaches the server', () => {
  it("is posthog-node's, anonymous and without an address", async () => {
    await runCommand(home, posthog.url)
    await posthog.waitFor(({ acceptedByUuid }) => acceptedByUuid.size === 1)
    const { anon_id } = JSON.parse(readFileSync(home.layout.usage, 'utf8')) as { anon_id: string }
    const [event] = posthog.acceptedEvents
    expect(event).toMatchObject({ event: 'CLI execution succeeded', distinct_id: anon_id })
    expect(event?.properties).toMatchObject({
      $lib: 'posthog-node',
      $lib_version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      $geoip_disable: true,
      $ip: null,
      $process_person_profile: false,
      command_name: 'toolkit.run',
      cli_version: '1.2.3',
      delivery: 'detached',
      outcome: 'ok',
    })
    expect(posthog.requests[0]?.headers['user-agent']).toMatch(/^posthog-node\//)
  })
})

describe('files', () => {
  it('are closed to others even where the host lets everything through', async () => {
    const before = process.umask(0)
    const run = runNode([program('command.mjs'), 'ok'], { env: home.env({ POSTHOG: posthog.url }) })
    process.umask(before)
    await run
    await posthog.waitFor(({ acceptedByUuid }) => acceptedByUuid.size === 1)
    await waitUntil('it is journaled', () => home.files().includes('telemetry/sent.jsonl'))
    expect(home.files()).toEqual(
      expect.arrayContaining(['usage.json', 'telemetry/sent.jsonl', 'telemetry/reporter.json']),
    )
    const modes = home
      .files()
      .map((file) => lstatSync(join(home.layout.directory, file), { throwIfNoEntry: false })?.mode ?? 0o600)
    expect(new Set(modes.map((mode) => (mode & 0o777).toString(8)))).toEqual(new Set(['600']))
    for (const folder of [home.layout.directory, home.layout.telemetry, home.layout.pending, home.layout.inFlight])
      expect([folder, (lstatSync(folder).mode & 0o777).toString(8)]).toEqual([folder, '700'])
  })
})

function readlinkQuietly(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return '' // closed meanwhile
  }
}
