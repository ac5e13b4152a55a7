/** Promise 7: a secret that stands wherever a command can have one is not on the wire, not in our files and not in `ps`. */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { spoolLayout } from '../../src/spool/spool-layout.ts'
import { type FakePostHog, type FakeRequest, startFakePostHog } from '../support/fake-posthog.ts'
import { makeHome } from '../support/home.ts'
import { program, start } from '../support/run.ts'
import { waitUntil } from '../support/wait-until.ts'

const MARK = 'Zq7Kx9Wm2Rt4Vb8Yc'
/** As it would look after what the ways out might do to it. */
const DISGUISES: readonly string[] = [
  MARK,
  encodeURIComponent(MARK),
  Buffer.from(MARK).toString('hex'),
  ...['', 'u:', 'us:', 'user:'].map((before) =>
    Buffer.from(before + MARK)
      .toString('base64')
      .slice(3, -4),
  ),
].map((text) => text.toLowerCase())

const MESSAGES: readonly string[] = [
  `ENOENT: no such file or directory, open '/home/ann/${MARK}/notes.txt'`,
  `ENOENT: no such file or directory, open /srv/${MARK}/notes.txt`,
  `cannot read C:\\Users\\${MARK}\\notes.txt`,
  `request to https://ann:${MARK}@example.com/v1 failed`,
  `request to https://example.com/v1?token=${MARK}&a=1 failed`,
  `getaddrinfo ENOTFOUND ${MARK}.internal.example.com`,
  `Unknown argument: "${MARK}"`,
  `unknown option '--${MARK}'`,
  `Unexpected token in JSON: {"password":"${MARK}"}`,
  `invalid token ${MARK}`,
  `Authorization: Bearer ${MARK}`,
  `password=${MARK} is wrong`,
  `mail to ${MARK}@example.com bounced`,
  `sk-${MARK}${MARK} is no key of yours`,
  `ghp_${MARK}${MARK} was revoked`,
  `first line\nsecond line with ${MARK}\n\tthird`,
  `-----BEGIN PRIVATE KEY-----\n${MARK}\n-----END PRIVATE KEY-----`,
  `${'x '.repeat(3000)}${MARK}`,
  `Command failed: git clone https://x-access-token:${MARK}@github.com/a/b.git`,
  `\u001b[31m${MARK}\u001b[0m`,
]

test.each(['redacted', 'omit'])('errorMessages %s: the secret is nowhere outside the host', async (errorMessages) => {
  const posthog = await startFakePostHog()
  onTestFinished(() => posthog.close())
  const home = makeHome()
  const inside = `${home.path}/${MARK}` // home, working directory and temporary directory all tell
  const cwd = `${inside}/projects/${MARK}`
  mkdirSync(cwd, { recursive: true })
  const layout = spoolLayout(`${inside}/.acme`)
  mkdirSync(layout.debug, { recursive: true, mode: 0o700 }) // diagnostics are looked at too

  const env = {
    ...secretEnvironment(),
    PATH: `${process.env['PATH']}:/opt/${MARK}/bin`,
    HOME: inside,
    TMPDIR: inside,
    NO_PROXY: '127.0.0.1',
    no_proxy: '127.0.0.1',
    MARK,
    POSTHOG: posthog.url,
    MESSAGES: JSON.stringify(MESSAGES),
    TRACKER: JSON.stringify({ errorMessages }),
  }
  const args = [program('canary.mjs'), MARK, `--token=${MARK}`, '-k', MARK, `--${MARK}`, `/home/${MARK}`, '--', MARK]
  const { code, signal, stderr } = await start(process.execPath, args, { cwd, env }).finished
  expect({ code, signal }, stderr).toEqual({ code: 1, signal: null })
  expect(stderr).toContain(MARK) // the host's own words are its own

  const commands = 8 + MESSAGES.length + 2 + 1 + 1 + 1
  const exceptions = 8 + MESSAGES.length + 1 + 1
  const pids = home.reporters()
  expect(pids.length).toBeGreaterThan(0)
  const listed = pids.map((pid) => readFileSync(`/proc/${pid}/cmdline`, 'latin1')).join()
  await posthog.waitFor(() => posthog.acceptedByUuid.size === commands + exceptions)
  await waitUntil('the last is journalled', () => readdirSync(layout.pending).length === 0)

  expectClean('ps', listed)
  for (const request of posthog.requests) expectClean(`request ${request.index}`, bytesOf(request))
  for (const entry of readdirSync(layout.directory, { recursive: true, withFileTypes: true }))
    if (entry.isFile())
      expectClean(entry.name, readFileSync(`${entry.parentPath}/${entry.name}`, 'utf8').replaceAll(inside, ''))
  expectControls(posthog, errorMessages)
})

/** Nothing would be found in nothing: the events are there, say what they may, and count what they left out. */
function expectControls(posthog: FakePostHog, errorMessages: string): void {
  const events = [...posthog.acceptedByUuid.values()].map(({ event }) => event)
  const named = (event: string): number => events.filter((each) => each.event === event).length
  expect(named('$exception')).toBe(10 + MESSAGES.length)
  expect(named('CLI execution succeeded')).toBe(3)
  const names = events.map(({ properties }) => properties['command_name'])
  expect(names.filter((name) => name === '(invalid)')).toHaveLength(2)
  expect(events.some(({ properties }) => Number(properties['properties_dropped']) >= 30)).toBe(true)
  expect(events.filter(({ properties }) => properties['error_class'] === '(other)').length).toBeGreaterThan(2)
  const messages = events.flatMap(({ properties }) => properties['error_message'] ?? [])
  if (errorMessages === 'omit') expect(messages).toEqual([])
  else expect(messages.length).toBeGreaterThan(MESSAGES.length / 2)
}

function bytesOf({ headers, path, rawBody }: FakeRequest): string {
  const isZipped = rawBody[0] === 0x1f && rawBody[1] === 0x8b
  const texts = [JSON.stringify(headers), path, rawBody.toString('latin1')]
  return [...texts, ...(isZipped ? [gunzipSync(rawBody).toString('utf8')] : [])].join('\n')
}

function expectClean(what: string, text: string): void {
  const lower = text.toLowerCase()
  for (const disguise of DISGUISES) {
    const at = lower.indexOf(disguise)
    if (at !== -1) expect.fail(`${what} holds the secret: …${text.slice(Math.max(0, at - 120), at + 60)}…`)
  }
}

/** Whatever a shell, a CI system or a package manager may have set, and all that a reporter is given. */
function secretEnvironment(): Record<string, string> {
  const plain =
    'USER LOGNAME USERNAME LANGUAGE TZ PWD OLDPWD SHELL TERM EDITOR HOSTNAME XDG_RUNTIME_DIR XDG_STATE_HOME XDG_CACHE_HOME ' +
    'XDG_CONFIG_HOME XDG_DATA_HOME LD_LIBRARY_PATH GITHUB_TOKEN NPM_TOKEN NODE_AUTH_TOKEN AWS_SECRET_ACCESS_KEY AWS_ACCESS_KEY_ID ' +
    'OPENAI_API_KEY ACME_API_KEY ACME_USAGE_TRACKING npm_config__authToken npm_config_registry npm_package_name SSH_AUTH_SOCK ' +
    'POSTHOG_API_KEY POSTHOG_HOST POSTHOG_CAPTURE_MODE SSL_CERT_FILE SSL_CERT_DIR'
  const proxies = 'HTTP_PROXY HTTPS_PROXY ALL_PROXY http_proxy https_proxy all_proxy'
  return Object.fromEntries([
    ...plain.split(' ').map((name) => [name, name.startsWith('XDG') ? `/tmp/${MARK}` : MARK]),
    ...proxies.split(' ').map((name) => [name, `http://user:${MARK}@127.0.0.1:9`]),
  ]) as Record<string, string>
}
