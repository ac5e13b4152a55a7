/** The beginning: consent, a place on disk, an identity, a record. Every way that ends in nothing is a reason, counted. */
import { isCi } from '../consent/ci-rules.ts'
import { type CommandFacts, safeCommandName } from '../events/command-event.ts'
import { uuid7 } from '../events/uuid7.ts'
import { isStateDirectory } from '../platform/own-directory.ts'
import type { StateDirectory } from '../platform/state-directory.ts'
import { ROLE_VARIABLE } from '../reporter/reporter-task.ts'
import { spoolLayout } from '../spool/spool-layout.ts'
import { CommandRun, type IdentityAct } from './command-run.ts'
import { consentNow } from './consent-now.ts'
import { deliveryHere } from './delivery-here.ts'
import { hostFacts } from './host-facts.ts'
import { identityAtBegin } from './identity-at-begin.ts'
import { loadRarePaths } from './load-rare.ts'
import type { LogRun } from './log-run.ts'
import type { TrackerSettings } from './tracker-options.ts'

export interface BeginRequest {
  readonly settings: TrackerSettings
  readonly name: string
  readonly act: IdentityAct | null
  readonly count: (outcome: string) => void
}

/** A string says why nothing is recorded: `off: <source>`, `refused: not-ours`, an errno code … */
export function beginCommand(request: BeginRequest): CommandRun | LogRun | string {
  const { settings } = request
  // A program that was started again instead of its reporter (a single executable, say) ends here: no record, no third process.
  if (process.env[ROLE_VARIABLE] !== undefined) return 'off: is-reporter'
  const startNs = process.hrtime.bigint()
  const consent = consentNow(settings)
  if (consent.mode === 'off') return `off: ${consent.source}`
  const facts: CommandFacts = {
    commandName: safeCommandName(request.name, isSecret),
    cliVersion: settings.version,
    runtime: { ...hostFacts(), isCi: isCi(process.env) },
    startNs,
    delivery: deliveryHere(consent.delivery, spoolLayout(settings.directory ?? '')),
  }
  const uuid = uuid7(Date.now())
  if (consent.mode === 'log') {
    return (
      loadRarePaths()?.beginLog({ settings, consent, facts, uuid, changesIdentity: request.act !== null }) ??
      'not-built'
    )
  }
  const context = { ...request, facts, uuid, delivery: facts.delivery, notice: consent.notice }
  if (settings.directory === null) return 'refused: no-home'
  const first = beginIn(openDirectory(settings.directory), context)
  if (typeof first !== 'string') return first
  const rare = loadRarePaths()
  return rare === null || !rare.isUnwritable(first)
    ? first
    : beginIn(rare.openFallbackDirectory(settings.app, process.env), context)
}

function beginIn(
  place: StateDirectory,
  context: BeginRequest & {
    readonly facts: CommandFacts
    readonly uuid: string
    readonly delivery: CommandFacts['delivery']
    readonly notice: 'none' | 'due' | 'deferred'
  },
): CommandRun | string {
  if (place.kind === 'refused') return `refused: ${place.reason}`
  if (place.kind === 'unwritable') return place.reason
  const layout = spoolLayout(place.directory)
  const begin = identityAtBegin(context.settings, layout, context.act)
  return 'kind' in begin ? begin.reason : CommandRun.begin({ ...context, layout, begin })
}

function openDirectory(directory: string): StateDirectory {
  if (isStateDirectory(directory)) return { kind: 'ready', directory }
  return loadRarePaths()?.openStateDirectory(directory) ?? { kind: 'unwritable', reason: 'not-built' }
}

function isSecret(name: string): boolean {
  return loadRarePaths()?.looksSecret(name) ?? true
}
