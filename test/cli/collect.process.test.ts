import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { type Home, makeHome } from '../support/home.ts'
import { waitUntil } from '../support/wait-until.ts'
import { acme, startAfterword } from './program.ts'

async function collecting(home: Home, more = '') {
  const running = startAfterword(home, `collect --listen 127.0.0.1:0 ${more}`)
  let stderr = ''
  running.child.stderr?.on('data', (text: string) => {
    stderr += text
  })
  const url = await waitUntil('it listens', () => /Collecting on (\S+),/.exec(stderr)?.[1])
  return { ...running, url, stderr: () => stderr }
}

test.each(['SIGINT', 'SIGTERM'] as const)(
  'collect prints a line for each event, and %s ends it well',
  async (signal) => {
    const home = makeHome()
    const collector = await collecting(home)
    expect(collector.stderr()).toContain('Ctrl-C to stop. Events are kept in memory; --database FILE keeps them (')
    await acme(home, collector.url)
    await collector.said('toolkit.run')
    await home.quiet()
    collector.child.kill(signal)
    const { code, stdout, stderr } = await collector.finished
    expect(code).toBe(0)
    expect(stdout).toMatch(/^\d\d:\d\d:\d\d  CLI execution succeeded  toolkit\.run +[0-9a-f]{8}\n$/)
    expect(stderr).toContain('1 event received.\n')
  },
)

test('collect --json prints JSON lines and keeps the database', async () => {
  const home = makeHome()
  const collector = await collecting(home, '--json --database events.db')
  expect(collector.stderr()).toContain('Events are kept in events.db (')
  await acme(home, collector.url, 'throw')
  await collector.said('\n')
  await home.quiet()
  collector.child.kill('SIGINT')
  const { stdout } = await collector.finished
  expect(JSON.parse(stdout)).toMatchObject({
    event: 'CLI execution failed',
    properties: { command_name: 'toolkit.run', outcome: 'error' },
  })
  expect(existsSync(`${home.path}/events.db`)).toBe(true)
})

test('collect prints nothing that a terminal would obey', async () => {
  const home = makeHome()
  const collector = await collecting(home)
  const batch = [{ event: 'a\u{1b}[2Jb', distinct_id: 'c\nd', properties: { command_name: '\u{9b}1m' } }]
  const response = await fetch(`${collector.url}/batch/`, {
    method: 'POST',
    body: JSON.stringify({ api_key: 'phc_x', batch }),
  })
  expect(response.status).toBe(200)
  await collector.said('2Jb')
  collector.child.kill('SIGINT')
  const { stdout } = await collector.finished
  // oxlint-disable-next-line no-control-regex
  expect(stdout.replace(/\n$/, '')).not.toMatch(/[\u0000-\u001f\u0080-\u009f]/)
})

test('collect exits 1 when the address is taken, and says what to do', async () => {
  const home = makeHome()
  const server = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  const { code, stdout, stderr } = await startAfterword(home, `collect --listen 127.0.0.1:${port}`).finished
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toBe(
    `afterword collect: listening on 127.0.0.1:${port}: the address is in use. --listen HOST:PORT takes another, port 0 any free one\n`,
  )
})

test('collect exits 1 for an address that others can reach, and for a file that is no database', async () => {
  const home = makeHome()
  const remote = await startAfterword(home, 'collect --listen 0.0.0.0:0').finished
  expect(remote).toMatchObject({ code: 1, stdout: '' })
  expect(remote.stderr).toContain('can be reached by others, and there is no authentication')
  const database = await startAfterword(home, `collect --listen 127.0.0.1:0 --database ${process.execPath}/x`).finished
  expect(database).toMatchObject({ code: 1, stdout: '' })
  expect(database.stderr).toContain('afterword collect: opening the event database')
})
