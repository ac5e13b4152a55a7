/** The beginning of what is recorded: a place on disk, an identity, a record. Every way that ends in nothing is a reason, counted. */
import type { Consent } from '../consent/decide-consent.ts'
import { type CommandFacts, safeCommandName } from '../events/command-event.ts'
import { uuid7 } from '../events/uuid7.ts'
import { isStateDirectory } from '../platform/own-directory.ts'
import type { StateDirectory } from '../platform/state-directory.ts'
import { type CommandLayout, commandLayout } from '../spool/spool-layout.ts'
import type { Wish } from './command-handle.ts'
import { beginRun, type CommandRun } from './command-run.ts'
import { deliveryHere } from './delivery-here.ts'
import { hostFacts } from './host-facts.ts'
import { identityAtBegin } from './identity-at-begin.ts'
import { loadRarePaths } from './load-parts.ts'
import type { LogRun } from './log-run.ts'

interface Beginning {
  readonly wish: Wish
  readonly consent: Consent
  readonly facts: CommandFacts
  readonly uuid: string
}

/** A string says why nothing is recorded: `refused: not-ours`, an errno code … */
export function beginCommand(wish: Wish, consent: Consent, startNs: bigint): CommandRun | LogRun | string {
  const { settings } = wish
  const layout = commandLayout(settings.directory ?? '')
  const facts: CommandFacts = {
    commandName: safeCommandName(wish.name, isSecret),
    cliVersion: settings.version,
    // Who may record where CI is seen may by that row of the table. (Log mode looks for itself.)
    runtime: hostFacts(consent.source === 'ci'),
    startNs,
    delivery: deliveryHere(consent.delivery, layout),
  }
  const beginning: Beginning = { wish, consent, facts, uuid: uuid7(Date.now()) }
  if (consent.mode === 'log') return beginLog(beginning)
  if (settings.directory === null) return 'refused: no-home'
  const begun = isStateDirectory(layout.directory)
    ? beginIn(layout, beginning)
    : beginAt(openStateDirectory(layout.directory), beginning)
  return typeof begun === 'string' ? beginElsewhere(begun, beginning) : begun
}

function beginIn(layout: CommandLayout, { wish, consent, facts, uuid }: Beginning): CommandRun | string {
  const { settings, act, count } = wish
  const begin = identityAtBegin(settings, layout, act)
  if ('kind' in begin) return begin.reason
  const { notice } = consent
  return beginRun({ settings, layout, delivery: facts.delivery, notice, uuid, facts, begin, act, count })
}

/** @rare */
function beginAt(place: StateDirectory, beginning: Beginning): CommandRun | string {
  if (place.kind === 'refused') return `refused: ${place.reason}`
  return place.kind === 'unwritable' ? place.reason : beginIn(commandLayout(place.directory), beginning)
}

/**
 * In a stand-in, if that was why it could not begin.
 * @rare
 */
function beginElsewhere(reason: string, beginning: Beginning): CommandRun | string {
  const rare = loadRarePaths()
  return rare === null || !rare.isUnwritable(reason)
    ? reason
    : beginAt(rare.openFallbackDirectory(beginning.wish.settings.app, process.env), beginning)
}

/** @rare */
function beginLog({ wish, consent, facts, uuid }: Beginning): LogRun | string {
  const { settings, act } = wish
  if (consent.mode !== 'log') return 'off: log-variable'
  return loadRarePaths()?.beginLog({ settings, consent, facts, uuid, changesIdentity: act !== null }) ?? 'not-built'
}

/** @rare */
function openStateDirectory(directory: string): StateDirectory {
  return loadRarePaths()?.openStateDirectory(directory) ?? { kind: 'unwritable', reason: 'not-built' }
}

/** @rare */
function isSecret(name: string): boolean {
  return loadRarePaths()?.looksSecret(name) ?? true
}
