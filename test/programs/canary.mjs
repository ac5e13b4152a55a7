// Puts the secret of MARK wherever a command can have one, one command after the other, and ends by an uncaught error that has it.
import { boolean, CommandTracker, defineProperties, integer, oneOf } from 'afterword'

const { MARK, POSTHOG, MESSAGES, TRACKER = '{}' } = process.env
const properties = defineProperties({ tool: oneOf('a', 'b'), files: integer(), deep: boolean() })
const posthog = { apiKey: 'phc_test', host: POSTHOG }
const tracker = new CommandTracker({
  app: 'acme',
  version: '1.2.3',
  posthog,
  properties,
  exceptions: true,
  ...JSON.parse(TRACKER),
})

const everywhere = (error) =>
  Object.assign(error, {
    name: `${MARK}Error`,
    code: MARK,
    cause: new Error(MARK, { cause: MARK }),
    stack: `${MARK}: ${MARK}\n    at ${MARK} (${import.meta.url.replace('canary', MARK)}:1:2)\n    at async x (/home/${MARK}/x.js:1:2)`,
    path: `/home/${MARK}`,
    syscall: MARK,
    argv: process.argv,
    [MARK]: MARK,
    toString: () => MARK,
    toJSON: () => ({ MARK }),
  })
class Named extends Error {}
Object.defineProperty(Named, 'name', { value: MARK })
const named = { [MARK]: () => { throw new Error('thrown by a function of that name') } } // biome-ignore format: one line
const thrown = [
  () => { throw everywhere(new Error(MARK)) }, // biome-ignore format: one line
  () => Promise.reject(new Named(MARK)),
  () => Promise.reject(new AggregateError([new Error(MARK)], MARK)),
  () => Promise.reject(MARK),
  () => Promise.reject(Symbol(MARK)),
  () => Promise.reject({ message: MARK, name: MARK, code: MARK, toString: () => MARK }),
  () => Promise.reject([MARK, { [MARK]: MARK }]),
  named[MARK],
  ...JSON.parse(MESSAGES).map((message) => () => Promise.reject(new Error(message))),
]
for (const act of thrown) await tracker.run('canary', act).catch(() => {})
await tracker.run(`toolkit.${MARK}`, () => {})
await tracker.run(process.argv.slice(2).join(' '), () => {})
await tracker.run('canary', (command) => {
  for (const value of [MARK, [MARK], { MARK }, new String(MARK), Symbol(MARK), () => MARK]) {
    command.add({ tool: value, files: value, deep: value, undeclared: value, [MARK]: value })
    command.add(value)
  }
})
const begun = tracker.begin('canary')
void begun.finish({ error: everywhere(new TypeError(MARK)), outcome: MARK, exitCode: MARK })
await tracker.run('canary.last', () => {
  throw everywhere(new RangeError(MARK))
})
