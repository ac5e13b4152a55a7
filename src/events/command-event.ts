/** A command's event, from facts: the name of it and its properties, under the wire names of the catalogue. Pure. */
import type { CommandOutcome, Outcome } from '../tracker/command-outcome.ts'
import type { CommandEventName, EventProperties } from './catalogue.ts'
import type { DeliveryMode } from './envelope.ts'
import { describeFailure, type FailureProperties } from './failure.ts'
import type { FilteredProperties } from './host-properties.ts'
import { isLetterOrDigit, isMadeOf } from './characters.ts'
import { looksSecret } from './looks-secret.ts'
import { isPlainName } from './plain-name.ts'
import type { RedactionContext } from './redact.ts'

export interface RuntimeFacts {
  /** `process.version` or `process.versions.node`. */
  readonly runtimeVersion: string
  /** `os.type()` */
  readonly osType: string
  /** `os.release()`, whole: only its leading digits and dots leave. */
  readonly osRelease: string
  readonly isCi: boolean
  readonly isTty: boolean
}

/** What is known when a command begins. */
export interface CommandFacts {
  /** The definition's path joined by dots, never what the user typed; of {@link safeCommandName}. */
  readonly commandName: string
  readonly cliVersion: string
  readonly runtime: RuntimeFacts
  /** `process.hrtime.bigint()`: monotonic. */
  readonly startNs: bigint
  readonly delivery: DeliveryMode
}

export interface EndedCommand extends CommandFacts {
  readonly endNs: bigint
  readonly outcome: CommandOutcome
  /** Of `filterHostProperties`. */
  readonly host: FilteredProperties
}

export interface FinishedCommand extends EndedCommand {
  readonly errorMessages: 'redacted' | 'omit'
  readonly redaction: RedactionContext
}

export type CommandProperties = EventProperties<CommandEventName>

export function commandEventName(outcome: Outcome): CommandEventName {
  return outcome === 'ok' ? 'CLI execution succeeded' : 'CLI execution failed'
}

/** Properties of a command that came to its end, however that was. Absent facts are absent properties. */
export function commandProperties(command: FinishedCommand): CommandProperties {
  const { failure } = command.outcome
  const commandName = safeCommandName(command.commandName, looksSecret)
  return endedProperties(
    { ...command, commandName },
    failure === undefined ? {} : describeFailure(failure.error, command),
  )
}

/**
 * The same with the failure already described (`describeFailure`; `{}` for none): what reaches this alone does not load the
 * redaction, which most commands never need.
 */
export function endedProperties(command: EndedCommand, failure: FailureProperties): CommandProperties {
  const { outcome, exitCode, signal } = command.outcome
  const ended = {
    ...command.host.properties, // first: nothing of the host's can stand in for a fact
    ...factProperties(command),
    device_end_timestamp: milliseconds(command.endNs),
    duration: milliseconds(command.endNs > command.startNs ? command.endNs - command.startNs : 0n),
    ...(Number.isSafeInteger(exitCode) ? { exit_code: exitCode } : {}),
    ...(command.host.dropped > 0 ? { properties_dropped: command.host.dropped } : {}),
  }
  if (outcome === 'ok') return { ...ended, outcome }
  return { ...ended, outcome, ...(signal === null ? {} : { signal }), ...failure }
}

/** Properties to send if the command is never heard of again: no end, no duration, no exit code. Event: 'CLI execution failed'. */
export function crashedProperties(command: CommandFacts): EventProperties<'CLI execution failed'> {
  return { ...factProperties(command), outcome: 'crashed' }
}

/** `command_name` as it may leave: `(invalid)` for what no definition is called, or what looks like a secret. */
export function safeCommandName(name: string, isSecret: (name: string) => boolean): string {
  if (name === '(unknown)') return name
  const fits = typeof name === 'string' && isMadeOf(name, '_.:-', 100) && isLetterOrDigit(name.charAt(0))
  return fits && name.charAt(0) === name.charAt(0).toLowerCase() && (isPlainName(name) || !isSecret(name))
    ? name
    : '(invalid)'
}

export function safeVersion(version: string): string {
  return isWord(version, '.+-', 64) ? version : '(other)'
}

function isWord(text: string, others: string, max: number): boolean {
  return typeof text === 'string' && isMadeOf(text, `_${others}`, max)
}

type FactName =
  | '$geoip_disable'
  | '$ip'
  | 'command_name'
  | 'cli_version'
  | 'runtime_language'
  | 'runtime_version'
  | 'os_type'
  | 'os_release'
  | 'device_start_timestamp'
  | 'is_ci'
  | 'is_tty'
  | 'delivery'

function factProperties({
  commandName,
  cliVersion,
  runtime,
  startNs,
  delivery,
}: CommandFacts): Pick<EventProperties<'CLI execution failed'>, FactName> {
  const release = leadingNumbers(runtime.osRelease)
  return {
    $geoip_disable: true,
    $ip: null,
    command_name: commandName,
    cli_version: safeVersion(cliVersion),
    runtime_language: 'node',
    runtime_version: safeVersion(runtime.runtimeVersion),
    os_type: isWord(runtime.osType, '', 32) ? runtime.osType : '(other)',
    ...(release === '' ? {} : { os_release: release }),
    device_start_timestamp: milliseconds(startNs),
    is_ci: runtime.isCi,
    is_tty: runtime.isTty,
    delivery,
  }
}

/** '6.1.0-18-amd64' → '6.1.0': the rest names a vendor's, or somebody's own, kernel. */
function leadingNumbers(release: string): string {
  let end = 0
  for (let i = 0; i < release.length && i < 64; i++) {
    const character = release.charAt(i)
    if (character >= '0' && character <= '9') end = i + 1
    else if (character !== '.' || i === 0 || end !== i) break
  }
  return release.slice(0, end)
}

/** Two decimals, cut. */
function milliseconds(ns: bigint): number {
  return Number(ns / 10_000n) / 100
}
