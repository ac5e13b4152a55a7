/** What the demo claims, each claim looked up in what was seen. Pure. */
import type { StoredEvent } from '../collector/collector.ts'
import { shortId } from './columns.ts'
import type { Ledger, Story } from './demo-story.ts'
import { counted } from './in-words.ts'

export interface Check {
  readonly holds: boolean
  /** What is so, or what should have been so. */
  readonly claim: string
  /** What was seen instead. */
  readonly seen: string
}

const PRINCIPAL = 'user-alice'

export function checkStory(story: Story, ledger: Ledger): readonly Check[] {
  return [
    endsAlike(story),
    signsIn(story),
    merges(story, ledger),
    reportsTheKilled(story),
    leavesNothing(story),
    startsAnew(story),
    acceptsAll(ledger),
  ]
}

function endsAlike({ steps }: Story): Check {
  const wrong = steps.filter(({ step, ended }) => (ended.signal ?? ended.code) !== step.ends)
  return {
    holds: wrong.length === 0,
    claim: `Telemetry left every command's end alone: ${steps.map(({ step }) => step.ends).join(', ')}.`,
    seen: wrong
      .map(({ step, ended }) => `${step.did}: ${ended.signal ?? `exit ${ended.code}`} ${ended.stderr.slice(0, 500)}`)
      .join('; '),
  }
}

function signsIn({ steps, anonId }: Story): Check {
  const who = steps.flatMap(({ events }) => events.filter(isCommand)).map(({ distinct_id }) => distinct_id)
  const wanted = [anonId.atFirst, PRINCIPAL, PRINCIPAL, PRINCIPAL, PRINCIPAL, PRINCIPAL, anonId.atLast]
  const persons = steps
    .flatMap(({ events }) => events)
    .every((event) => isPerson(event) === (event.distinct_id === PRINCIPAL))
  return {
    holds: persons && JSON.stringify(who) === JSON.stringify(wanted),
    claim: `From the login to the logout, both included, events are ${PRINCIPAL}'s; the others are nobody's.`,
    seen: `${who.map(shortId).join(', ')}${persons ? '' : '; with or without a person profile against that'}`,
  }
}

function merges({ anonId }: Story, { collected }: Ledger): Check {
  const aliases = collected.filter(({ event }) => event === '$create_alias')
  const [alias] = aliases
  const first = collected.find((event) => isCommand(event) && event.distinct_id === PRINCIPAL)
  const anon = anonId.atFirst ?? '(none)'
  const right = alias?.distinct_id === PRINCIPAL && alias.properties['alias'] === anon
  return {
    holds: aliases.length === 1 && right && first !== undefined && alias.seq < first.seq,
    claim: `The anonymous history was merged: one $create_alias {distinct_id: ${PRINCIPAL}, alias: ${shortId(anon)}}, before the first event of ${PRINCIPAL}.`,
    seen: `${counted(aliases.length, 'alias event')}${alias === undefined ? '' : `, {distinct_id: ${alias.distinct_id}, alias: ${String(alias.properties['alias'])}}, number ${alias.seq}`}; first event of ${PRINCIPAL}: number ${first?.seq ?? 'none'}`,
  }
}

function reportsTheKilled({ steps }: Story): Check {
  const events = steps.find(({ step }) => step.ends === 'SIGKILL')?.events ?? []
  const outcomes = events.map(({ properties }) => String(properties['outcome']))
  return {
    holds: outcomes.join() === 'crashed',
    claim: 'The killed command said nothing; a reporter found its record and reported it as crashed.',
    seen: outcomes.length === 0 ? 'no event of it' : outcomes.join(', '),
  }
}

function leavesNothing({ optOut, steps }: Story): Check {
  const events = steps.find(({ step }) => step.optedOut)?.events.length ?? 0
  return {
    holds: optOut.sameFiles && optOut.sameEvents && events === 0,
    claim: 'The command with ACME_USAGE_TRACKING=0 left nothing: no file touched in the whole home, no event.',
    seen: `${optOut.sameFiles ? 'the same files' : 'other files than before'}, ${counted(events, 'event')}`,
  }
}

function startsAnew({ anonId: { atFirst, atLast } }: Story): Check {
  return {
    holds: atFirst !== null && atLast !== null && atFirst !== atLast,
    claim: `Since the logout there is a new anonymous id: ${shortId(atLast ?? '(none)')}, no longer ${shortId(atFirst ?? '(none)')}.`,
    seen: `${atFirst ?? 'none'} and then ${atLast ?? 'none'}`,
  }
}

function acceptsAll({ collected, journal, waiting, unfinished }: Ledger): Check {
  const accepted = new Set(journal.filter(({ verdict }) => verdict === 'accepted').map(({ uuid }) => uuid))
  const held = new Set(collected.map(({ uuid }) => uuid))
  const same = accepted.size === held.size && [...accepted].every((uuid) => uuid !== null && held.has(uuid))
  const others = journal.filter(({ verdict }) => verdict !== 'accepted').length
  return {
    holds: same && others === 0 && waiting === 0 && unfinished === 0,
    claim: `Every event was accepted, the measured commands included: ${accepted.size} in the journal, the same ${held.size} at the collector, none waits.`,
    seen: `${accepted.size} accepted and ${others} others in the journal, ${held.size} at the collector, ${waiting} waiting, ${unfinished} unfinished`,
  }
}

function isCommand({ event }: StoredEvent): boolean {
  return event.startsWith('CLI execution')
}

/** Anonymous events say that they are to make no person. */
export function isPerson({ properties }: StoredEvent): boolean {
  return properties['$process_person_profile'] !== false
}
