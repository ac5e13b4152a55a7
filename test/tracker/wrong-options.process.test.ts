/** What the author of a host sees on a terminal who got an option or a declaration wrong. */
import { expect, test } from 'vitest'
import { makeHome } from '../support/home.ts'
import { runNode } from '../support/run.ts'

const INDEX = new URL('../../dist/index.js', import.meta.url).href
const POSTHOG = `{ apiKey: 'phc_a', host: 'https://eu.i.posthog.com' }`

test.each([
  [
    `new CommandTracker({ app: 'acme', version: '1', posthog: { apiKey: 'phc_a' } })`,
    'TypeError: new CommandTracker: posthog.host is undefined, wants an address such as https://eu.i.posthog.com',
  ],
  [
    `new CommandTracker({ app: 'acme', version: '1', posthog: ${POSTHOG}, ci: 'yes' })`,
    `RangeError: new CommandTracker: ci is 'yes', wants 'off', 'inline', 'detached'`,
  ],
  [`oneOf('two words')`, `TypeError: oneOf: got 'two words', wants`],
  [`defineProperties({ Kind: integer() })`, `TypeError: defineProperties: got the name 'Kind', wants`],
])('%s: what is wrong, the line that says so, and where it was said', async (wrong, says) => {
  const program = `import { CommandTracker, defineProperties, integer, oneOf } from '${INDEX}'\n${wrong}`
  const { stderr, code } = await runNode(['--input-type=module', '-e', program], { env: makeHome().env() })
  expect(code).toBe(1)
  expect(stderr).toContain(says)
  const lines = stderr.split('\n')
  expect(lines[0]).toMatch(/\/dist\/tracker\/full-checks\.cjs:\d+$/)
  expect(lines[1]).toMatch(/throw new (?:Type|Range)Error\(/)
  // Not a bundle's only line, which Node would show all of.
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(300)
  expect(stderr).toMatch(/^ {4}at file:.*\[eval1\]:2:/m)
})

test('a tracker says its name where a host prints it', async () => {
  const program = `import { CommandTracker } from '${INDEX}'
    console.log(new CommandTracker({ app: 'acme', version: '1', posthog: ${POSTHOG} }))`
  const { stdout } = await runNode(['--input-type=module', '-e', program], { env: makeHome().env() })
  expect(stdout).toBe('CommandTracker {}\n')
})
