/**
 * `afterword demo`: the whole story with a small CLI and a collector of its own. Everything it claims it has looked up; what is not
 * so is said, and the exit code is 1.
 */
import { CollectorError } from '../collector/collector.ts'
import { printable, wrapped } from './columns.ts'
import { type Check, checkStory, isPerson } from './demo-checks.ts'
import { type Costs, measureCosts } from './demo-cost.ts'
import { type Ledger, playStory, readLedger, type Story } from './demo-story.ts'
import { type DemoWorld, isExampleThere, makeDemoWorld } from './demo-world.ts'
import { checkLines, costWords, storyTable, width } from './demo-words.ts'
import { interrupted } from './interrupted.ts'
import { showProgress } from './progress.ts'
import type { Screen, Screens } from './screen.ts'

export async function demo(
  { keep, json }: { readonly keep: boolean; readonly json: boolean },
  { out, err }: Screens,
): Promise<number> {
  if (!isExampleThere()) {
    err.write(
      'afterword demo: it plays with docs/examples/acme, which a clone of the repository has and this package has not.\n',
    )
    return 1
  }
  const world = await open(err)
  if (world === null) return 1
  const { url } = world.collector
  const forgetLeaving = leaveOnInterrupt(world)
  let ok = false
  try {
    if (!json) out.write(introduction(world, out))
    ok = await play(world, json, { out, err })
  } finally {
    // What went wrong may be looked at.
    await world.leave(ok ? 'remove' : 'keep')
    forgetLeaving()
  }
  if (!ok) err.write(`The home of the demo is kept: ${world.home}\n`)
  if (keep) {
    err.write(`The collector runs on at ${url} until Ctrl-C; ${url}/api/events has the events.\n`)
    await interrupted()
  } else if (!json) {
    out.write(`${wrapped("The collector has stopped; 'afterword demo --keep' lets it run on.", width(out))}\n`)
  }
  await world.collector.stop()
  return ok ? 0 : 1
}

/** True: every claim holds. */
async function play(world: DemoWorld, json: boolean, { out, err }: Screens): Promise<boolean> {
  const progress = showProgress(err)
  const story = await playStory(world, progress)
  const costs = await measureCosts(world, progress)
  progress.say('waiting for the last reporter to end')
  const quiet = await world.quiet()
  progress.end()
  const ledger = readLedger(world)
  const checks = [...checkStory(story, ledger), endsAll(quiet)]
  const ok = checks.every(({ holds }) => holds)
  out.write(json ? inJson(ok, story, ledger, checks, costs) : inWords(story, ledger, checks, costs, out))
  return ok
}

async function open(err: Screen): Promise<DemoWorld | null> {
  try {
    return await makeDemoWorld()
  } catch (error) {
    if (!(error instanceof CollectorError)) throw error
    err.write(`afterword demo: ${printable(error.message)}\n`)
    return null
  }
}

/** Ctrl-C removes the home, and then ends us as if nobody had listened. */
function leaveOnInterrupt(world: DemoWorld): () => void {
  const leave = (signal: NodeJS.Signals): void => {
    forget()
    void world.leave('remove').finally(() => process.kill(process.pid, signal))
  }
  const forget = (): void => void process.removeListener('SIGINT', leave).removeListener('SIGTERM', leave)
  process.on('SIGINT', leave).on('SIGTERM', leave)
  return forget
}

function endsAll(quiet: boolean): Check {
  return {
    holds: quiet,
    claim: 'No process of it is left.',
    seen: 'a reporter was still at work after 15 seconds',
  }
}

function introduction({ collector }: DemoWorld, screen: Screen): string {
  const text =
    'A small CLI, acme (docs/examples/acme), is run as its user would, in a home of its own. What it has to say goes to a ' +
    `collector at ${collector.url}.`
  return `${wrapped(text, width(screen))}\n\n`
}

function inWords(story: Story, { journal }: Ledger, checks: readonly Check[], costs: Costs, out: Screen): string {
  const failed = checks.filter(({ holds }) => !holds).length
  const end =
    failed === 0
      ? out.paint('green', `All ${checks.length} claims hold.`)
      : out.paint('red', `${failed} of ${checks.length} claims do not hold.`)
  return [storyTable(story, journal, out), checkLines(checks, out), costWords(costs, out), `${end}\n`].join('\n')
}

function inJson(ok: boolean, { steps }: Story, { journal }: Ledger, checks: readonly Check[], costs: Costs): string {
  const accepted = new Set(journal.filter(({ verdict }) => verdict === 'accepted').map(({ uuid }) => uuid))
  const played = steps.map(({ step, ended, events }, index) => ({
    step: index + 1,
    did: step.did,
    ended: ended.signal ?? ended.code,
    events: events.map((event) => ({
      uuid: event.uuid,
      event: event.event,
      distinctId: event.distinct_id,
      person: isPerson(event),
      accepted: accepted.has(event.uuid),
    })),
  }))
  return `${JSON.stringify({ ok, steps: played, checks, costs }, null, 2)}\n`
}
