import { execFileSync, spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { chmodSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { DeepReport } from '../../src/cli/status-deep.ts'
import { currentInstance } from '../../src/platform/process-instance.ts'
import { table } from '../docs/markdown.ts'
import { ageLock, reporterProcesses } from '../support/acme.ts'
import { makeEnvelope, prepareSpool } from '../support/envelopes.ts'
import { type FakePostHog, refusedPort, startBlackHole, startFakePostHog } from '../support/fake-posthog.ts'
import { type Home, makeHome } from '../support/home.ts'
import { start } from '../support/run.ts'
import { acme, afterword, BIN, leaveWaiting } from './program.ts'

interface Deep extends DeepReport {
  readonly code: number | null
  readonly wallMs: number
  /** `PASS ours, 0700 …` of the first probe of that name. */
  of(name: string): string
  readonly lies: readonly string[]
}

async function deep(home: Home, words = '', variables: Record<string, string> = {}): Promise<Deep> {
  const { code, stdout, stderr, wallMs } = await afterword(home, `status --deep --app acme --json ${words}`, variables)
  expect(stderr).toBe('')
  const report = JSON.parse(stdout) as DeepReport
  expect(code).toBe(report.probes.some(({ verdict }) => verdict === 'FAIL') ? 1 : 0)
  expect(wallMs).toBeLessThan(5500) // 5 s, and what a loaded machine takes to start Node
  return {
    ...report,
    code,
    wallMs,
    of: (name) => {
      const found = report.probes.find((probe) => probe.name === name)
      return found === undefined ? 'not there' : `${found.verdict} ${found.evidence}`
    },
    lies: report.contradictions.map(({ lies }) => lies),
  }
}

async function posthogServer(): Promise<FakePostHog> {
  const posthog = await startFakePostHog()
  onTestFinished(() => posthog.close())
  return posthog
}

/** A reporter of this home that was killed in the middle of its request. */
async function killReporter(home: Home, posthog: FakePostHog): Promise<number> {
  posthog.respond('hang')
  await acme(home, posthog.url)
  await posthog.waitFor(({ requests }) => requests.length > 0)
  const { pid } = JSON.parse(readFileSync(home.layout.reporterState, 'utf8')) as { pid: number }
  for (const each of reporterProcesses(home)) process.kill(each.pid, 'SIGKILL')
  await home.quiet()
  posthog.respond(undefined)
  return pid
}

test('--deep of a healthy app passes every probe, contradicts nothing and sends no event', async () => {
  const home = makeHome()
  const posthog = await posthogServer()
  await acme(home, posthog.url)
  await home.quiet()
  const before = home.files()
  const seen = await deep(home)
  expect(seen.probes.filter(({ verdict }) => verdict !== 'PASS' && verdict !== 'n/a')).toEqual([])
  expect(seen).toMatchObject({ code: 0, contradictions: [] })
  expect(seen.of('dry start')).toMatch(/^PASS started and ended by itself in \d+ ms, box: timeout\(1\)$/)
  expect(seen.of('last run')).toMatch(/^PASS pid \d+ ended by itself .*: 1 accepted, 0 rejected, 1 request$/)
  expect(seen.of('http')).toMatch(/^PASS OPTIONS \/batch\/ answered 200/)
  expect(posthog.requests.map(({ method, body }) => [method, typeof body])).toEqual([
    ['POST', 'object'],
    ['OPTIONS', 'undefined'],
  ])
  expect(JSON.stringify(posthog.requests[1]?.headers)).not.toContain('phc_')
  expect(home.files()).toEqual(before)
  const documented = table('docs/reporter.md', 'probe', 'fails when').flatMap(([names = '']) => names.split(' '))
  const unknown = seen.probes.filter(({ name }) => !documented.join(' ').includes(name))
  expect(unknown).toEqual([])
})

test('--deep of what was never used fails nothing and makes nothing', async () => {
  const home = makeHome()
  const seen = await deep(home)
  expect(seen).toMatchObject({ code: 0, contradictions: [] })
  expect(seen.of('directory')).toContain('n/a')
  expect(seen.of('endpoint')).toContain('Give --host')
  expect(home.files()).toEqual([])
})

test('--deep while a reporter is at work', async () => {
  const home = makeHome()
  const posthog = await posthogServer()
  posthog.respond('hang')
  await acme(home, posthog.url)
  await posthog.waitFor(({ requests }) => requests.length > 0)
  posthog.respond(undefined)
  const seen = await deep(home)
  expect(seen.of('reporter.lock')).toMatch(/^PASS held for .* which lives$/)
  expect(seen.of('process')).toMatch(/^PASS pid \d+ lives: state [RSD], \d\.\d s old, same start ticks and boot$/)
  expect(seen.of('last run')).toMatch(/^PASS at work/)
  expect(seen.lies).not.toContain('reporter.lock')
})

describe('--deep after a reporter was killed', () => {
  test('names the lock, its last word and the back-off as lies', async () => {
    const home = makeHome()
    const posthog = await posthogServer()
    const pid = await killReporter(home, posthog)
    const seen = await deep(home)
    expect(seen.of('reporter.lock')).toMatch(
      new RegExp(`^FAIL made .* ago and held by pid ${pid}, which is gone. No command`),
    )
    expect(seen.of('process')).toMatch(new RegExp(`^FAIL (there is no pid ${pid}|pid ${pid} is dead)`))
    expect(seen.of('last run')).toMatch(/^FAIL killed: /)
    expect(seen.of('waiting')).toMatch(/^PASS 1 event/)
    expect(seen.lies).toEqual(['reporter.lock', 'reporter.json', 'backoff.json'])
    expect(seen.contradictions[0]?.because).toMatch(/says that a reporter is at work, but (there is no )?pid/)
  })

  test('knows a lock that is too old to be believed', async () => {
    const home = makeHome()
    const posthog = await posthogServer()
    await killReporter(home, posthog)
    ageLock(home, 60_000)
    const seen = await deep(home)
    expect(seen.of('reporter.lock')).toMatch(/^FAIL made 6\d s ago .* The next command takes it over\.$/)
    expect(seen.contradictions[0]?.because).toContain("too old to be believed, and in nobody's way")
  })

  test('knows a pid that is another process by now', async () => {
    const home = makeHome()
    const posthog = await posthogServer()
    await killReporter(home, posthog)
    const reused = { ...currentInstance(), start_ticks: 1 }
    writeFileSync(home.layout.reporterLock, JSON.stringify({ token: 't', holder: reused }))
    const seen = await deep(home)
    expect(seen.of('process')).toMatch(
      new RegExp(`^FAIL pid ${process.pid} is another process now: it started at tick`),
    )
    expect(seen.lies).toContain('reporter.lock')
  })

  test('says what was accepted and still lies there', async () => {
    const home = makeHome()
    const posthog = await posthogServer()
    await leaveWaiting(home, `http://127.0.0.1:${await refusedPort()}`)
    const [envelope] = home.pending()
    const line = { at: new Date().toISOString(), verdict: 'accepted', uuid: envelope?.uuid, event: envelope?.event }
    writeFileSync(home.layout.journal, `${JSON.stringify(line)}\n`)
    const seen = await deep(home, `--host ${posthog.url}`)
    expect(seen.lies).toEqual(['waiting'])
  })
})

test('--deep names a command that was killed', async () => {
  const home = makeHome()
  prepareSpool(home.layout)
  const envelope = makeEnvelope()
  const record = { schema_version: 1, state: 'begun', process: { ...currentInstance(), start_ticks: 1 }, envelope }
  writeFileSync(`${home.layout.inFlight}/${envelope.uuid}.json`, JSON.stringify(record))
  const seen = await deep(home)
  expect(seen.of('in-flight')).toBe(`WARN 1 record of dead processes (pid ${process.pid}). The next reporter sends it.`)
  expect(seen.lies).toContain('waiting')
})

describe('--deep of files', () => {
  test('that are damaged', async () => {
    const home = makeHome()
    prepareSpool(home.layout)
    writeFileSync(home.layout.usage, '{"anon_id":')
    writeFileSync(home.layout.reporterState, '{"pid":')
    mkdirSync(`${home.layout.usage}.lock`)
    utimesSync(`${home.layout.usage}.lock`, new Date(0), new Date(0))
    const seen = await deep(home)
    expect(seen.of('usage.json')).toMatch(/^FAIL 11 characters that are no identity/)
    expect(seen.of('usage.json.lock')).toMatch(/^WARN left .* by a process that was killed/)
    expect(seen.of('last run')).toMatch(/^WARN/)
  })

  test.runIf(process.getuid?.() === 0)('that a user without rights cannot write', async () => {
    const home = makeHome()
    prepareSpool(home.layout)
    execFileSync('chown', ['-R', '65534', home.layout.directory])
    chmodSync(home.path, 0o755)
    chmodSync(home.layout.telemetry, 0o500)
    const seen = JSON.parse(asNobody(home)) as DeepReport
    expect(seen.probes.find(({ name }) => name === 'directory')).toMatchObject({
      verdict: 'FAIL',
      evidence: expect.stringContaining('cannot be written (EACCES)'),
    })
  })

  test.runIf(process.getuid?.() === 0)("that are another user's", async () => {
    const home = makeHome()
    prepareSpool(home.layout)
    execFileSync('chown', ['-R', '65534', home.layout.directory])
    const seen = await deep(home)
    expect(seen.of('directory')).toMatch(/^FAIL .* belongs to another user/)
  })
})

/** The program as uid 65534; it fails, and says why on stdout. */
function asNobody(home: Home): string {
  const words = [BIN, 'status', '--deep', '--app', 'acme', '--json']
  const options = { encoding: 'utf8', env: home.env(), cwd: '/', uid: 65534, gid: 65534 } as const
  return spawnSync(process.execPath, words, options).stdout
}

describe('--deep of an endpoint', () => {
  test('that is down', async () => {
    const seen = await deep(makeHome(), `--host http://127.0.0.1:${await refusedPort()} --api-key phc_x`)
    expect(seen.of('tcp')).toMatch(/^FAIL ECONNREFUSED: nobody listens there/)
    expect(seen.of('http')).toBe('n/a not tried, because tcp failed')
  })

  test('that is silent', async () => {
    const hole = await startBlackHole()
    onTestFinished(() => hole.close())
    const seen = await deep(makeHome(), `--host ${hole.url} --api-key phc_x`)
    expect(seen.of('http')).toBe('FAIL no answer in 1.5 s')
    const secure = await deep(makeHome(), `--host ${hole.url.replace('http:', 'https:')} --api-key phc_x`)
    expect(secure.of('tls')).toBe('FAIL no answer in 1.5 s')
  })

  test.each([
    ['html', /^FAIL OPTIONS \/batch\/ answered 200 .* with a web page/],
    ['redirect', /^FAIL .* answered 302 .* and leads to/],
    [{ status: 404 }, /^FAIL .* no endpoint under this address/],
    [{ status: 503 }, /^FAIL .* it is in trouble/],
    ['reset', /^FAIL ECONNRESET/],
  ] as const)('that answers with %j', async (how, words) => {
    const posthog = await posthogServer()
    posthog.respond(how)
    expect((await deep(makeHome(), `--host ${posthog.url} --api-key phc_x`)).of('http')).toMatch(words)
  })

  test('whose name nobody knows', async () => {
    const seen = await deep(makeHome(), '--host http://nowhere.invalid --api-key phx_secret')
    expect(seen.of('dns')).toMatch(/^FAIL /)
    expect(seen.of('tcp')).toBe('n/a not tried, because dns failed')
    expect(seen.of('key')).toMatch(/^FAIL phx_… is a personal key/)
    expect(JSON.stringify(seen.probes)).not.toContain('phx_secret')
  })

  test.runIf(canFakeResolver())('whose name server is silent, and the command ends all the same', async () => {
    const home = makeHome()
    const resolver = createSocket('udp4')
    onTestFinished(() => void resolver.close())
    await new Promise<void>((resolve) => resolver.bind(53, '127.0.0.77', resolve))
    writeFileSync(`${home.path}/resolv.conf`, 'nameserver 127.0.0.77\n')
    const words = `status --deep --app acme --json --host http://slow.example --api-key phc_x`
    const script = `mount --bind ${home.path}/resolv.conf /etc/resolv.conf && exec ${process.execPath} ${BIN} ${words}`
    const { stdout, wallMs } = await start('unshare', ['-m', 'sh', '-c', script], { env: home.env(), cwd: home.path })
      .finished
    const { probes } = JSON.parse(stdout) as DeepReport
    expect(probes.find(({ name }) => name === 'dns')).toMatchObject({ verdict: 'FAIL', evidence: 'no answer in 1.5 s' })
    expect(wallMs).toBeLessThan(5500)
  })

  test('whose certificate nobody trusts, or that speaks no TLS', async () => {
    const home = makeHome()
    const { url, close } = await startTls(home)
    onTestFinished(close)
    const seen = await deep(home, `--host ${url} --api-key phc_x`)
    expect(seen.of('tls')).toMatch(/^FAIL DEPTH_ZERO_SELF_SIGNED_CERT/)
    const trusted = await deep(home, `--host ${url} --api-key phc_x`, { NODE_EXTRA_CA_CERTS: `${home.path}/cert.pem` })
    expect(trusted.of('tls')).toMatch(/^PASS TLSv1\.3/)
    expect(trusted.of('http')).toMatch(/^PASS/)
    const posthog = await posthogServer()
    const plain = await deep(home, `--host ${posthog.url.replace('http:', 'https:')} --api-key phc_x`)
    expect(plain.of('tls')).toMatch(/^FAIL .* speaks no TLS/)
  })

  test('through a proxy: its address is asked, and its credentials are not shown', async () => {
    const posthog = await posthogServer()
    const seen = await deep(makeHome(), '--host http://posthog.invalid --api-key phc_x', {
      http_proxy: posthog.url.replace('http://', 'http://who:secret@'),
    })
    expect(seen.of('proxy')).toBe(`PASS through ${posthog.url}, as the environment says`)
    expect(seen.of('http')).toMatch(/^PASS/)
    expect(posthog.requests[0]?.path).toBe('http://posthog.invalid/batch/')
    expect(JSON.stringify(seen.probes)).not.toContain('secret')
  })
})

function canFakeResolver(): boolean {
  return spawnSync('unshare', ['-m', 'sh', '-c', 'mount --bind /etc/hostname /etc/resolv.conf']).status === 0
}

async function startTls(home: Home): Promise<{ url: string; close: () => void }> {
  const [key, cert] = [`${home.path}/key.pem`, `${home.path}/cert.pem`]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1']
  const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  execFileSync('openssl', [...made, '-keyout', key, '-out', cert, ...subject], { stdio: 'ignore' })
  const server = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_, reply) => reply.end('{}'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() }
}

test.each([
  ['a stored no', {}, '{"tracking":"off"}'],
  ['DO_NOT_TRACK', { DO_NOT_TRACK: '1' }, null],
  ['CI', { CI: 'true' }, null],
] as const)('--deep under %s opens no socket, starts nothing and writes nothing', async (_, variables, stored) => {
  const home = makeHome()
  prepareSpool(home.layout)
  if (stored !== null) writeFileSync(home.layout.consent, stored)
  const posthog = await posthogServer()
  const before = home.files()
  const seen = await deep(home, `--host ${posthog.url} --api-key phc_x`, variables)
  expect(seen.code).toBe(0)
  expect(seen.of('consent')).toMatch(/^n\/a Off: .* No means no: nothing was started or asked\.$/)
  expect(seen.of('network')).toMatch(/^n\/a not asked\. Off: /)
  expect(seen.of('dry start')).toMatch(/^n\/a/)
  expect(seen.of('directory')).toContain('nothing was written to see')
  expect(posthog.connections).toBe(0)
  expect(home.files()).toEqual(before)
})

test('--deep for people: a line a probe, the liar by name, within the width of the screen', async () => {
  const home = makeHome()
  const posthog = await posthogServer()
  await killReporter(home, posthog)
  const { code, stdout } = await afterword(home, 'status --deep --app acme')
  expect(code).toBe(1)
  expect(stdout).toMatch(/^FAIL {2}reporter\.lock +made /m)
  expect(stdout).toMatch(/^which signal lies\nreporter\.lock: it says that a reporter is at work/m)
  expect(stdout).toMatch(/^\d+ passed, \d+ failed, \d+ not applicable$/m)
  const words = stdout.split('\n').filter((line) => line.length > 80 && line.trim().split(/ {2,}| /).length > 1)
  expect(words.filter((line) => !line.includes(home.path))).toEqual([])
})

test.each([
  ['--host http://x', 'afterword: --host wants --deep'],
  ['--deep --api-key k', 'afterword: --api-key wants --host'],
])('status %s is wrong usage', async (words, said) => {
  const { code, stderr } = await afterword(makeHome(), `status --app acme ${words}`)
  expect({ code, said: stderr.split('\n')[0] }).toEqual({ code: 2, said })
})
