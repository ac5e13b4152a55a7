// A host with accounts. argv: login <key> | logout | other, then how it ends. KEY_FILE holds the signed-in key; AUTH, PRINCIPAL (an
// expression) and TOLD=no say what the tracker is given; SET changes the key during another command; START and GATE are waited for.
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { CommandTracker } from 'afterword'

const { KEY_FILE, AUTH, PRINCIPAL, POSTHOG, TOLD, NAME, START, GATE, SET } = process.env
const credential = () => (existsSync(KEY_FILE) ? readFileSync(KEY_FILE, 'utf8') : null)
const isOpen = (gate) => !gate || existsSync(gate)
const setKey = (key) => {
  if (key === '') return rmSync(KEY_FILE, { force: true })
  writeFileSync(`${KEY_FILE}.${process.pid}`, key)
  renameSync(`${KEY_FILE}.${process.pid}`, KEY_FILE)
}
const asked = AUTH && { url: AUTH, credential, read: (body) => body.data.principal_id }
const given =
  PRINCIPAL && (await import(`data:text/javascript,export default (${encodeURIComponent(PRINCIPAL)})`)).default
const tracker = new CommandTracker({
  app: 'acme',
  version: '1.2.3',
  posthog: { apiKey: 'phc_test', host: POSTHOG },
  ...(asked || given ? { principal: given ?? asked } : {}),
  ...(TOLD === 'no' ? {} : { credential }),
})
const [act, key = '', end = 'return'] = process.argv.slice(2)
const name = NAME ?? act
const options = act === 'other' ? {} : { identity: act }
if (process.env.EXIT_AFTER) setTimeout(() => process.exit(0), Number(process.env.EXIT_AFTER))
const work = async (how = end) => {
  if (act !== 'other') setKey(act === 'logout' ? '' : key)
  if (SET !== undefined) setKey(SET)
  console.log('worked')
  while (!isOpen(GATE)) await new Promise((resolve) => setTimeout(resolve, 5))
  await new Promise((resolve) => setTimeout(resolve, 5)) // one more turn: what is ready is seen
  if (how.endsWith('throw')) throw new Error('it broke')
  if (how.endsWith('exit')) process.exit(0)
}
if (START) console.log('here')
while (!isOpen(START)) await new Promise((resolve) => setTimeout(resolve, 1))
const nested = { nested: 0, 'nested-exit': 0, 'nested-throw': 0 }
if (end === 'begin') {
  const command = tracker.begin(name, options)
  await work()
  await command.finish()
} else if (end === 'nested-then-throw') {
  await tracker.run(name, async () => {
    await tracker.run('inner', () => work('return'), options)
    throw new Error('the outer one broke')
  })
} else if (end in nested) await tracker.run(name, () => tracker.run('inner', () => work(), options))
else await tracker.run(name, () => work(), options)
