/**
 * One line instruments a whole yargs CLI (17 and 18): `instrument(yargs(argv), tracker)`.
 *
 * A guest must not show: a stack trace that the CLI prints is the same with and without us, so no function of ours may be on the
 * stack while the host's code runs. Hence nothing that calls a handler is wrapped. We use what yargs *reads* on its way (accessors
 * on `builder`, `handler`, `fail`) and calls that return before the handler starts or come after it (`freeze`, `postProcess`):
 *
 *   freeze       a parse begins
 *   builder      a command is entered: its name, from the definitions, never from argv
 *   fail         before `handler`: wrong usage; after it: the error of a handler, a middleware or a check
 *   handler      arguments are valid and no help was printed: the command begins
 *   postProcess  the outermost one has the final value or promise
 *
 * A synchronous throw passes none of them. Uncaught, uncaughtExceptionMonitor has the error; caught by the host, a turn of the
 * event loop without a postProcess says that it happened. process.exit() and signals are the tracker's.
 */

import { type Inspectable, journalText, statusText, trackingComplaint } from './telemetry-report.ts'
import { failureOf, type Instrumentable, type InstrumentOptions, Parse } from './yargs-parse.ts'

/** On a handler: not to be recorded. Registered, so that two copies of the SDK agree. */
const UNRECORDED: unique symbol = Symbol.for('afterword.unrecorded') as never

interface Definition {
  readonly original: string
  builder: unknown
  handler: ((argv: never) => unknown) & { readonly [UNRECORDED]?: true }
}

/** The insides of yargs that are used; the same in 17 and 18. */
interface Yargs {
  readonly getInternalMethods: () => {
    readonly getCommandInstance: () => CommandInstance
    readonly getUsageInstance: () => { fail: (message: string | null, error?: unknown) => unknown }
    readonly getContext: () => { readonly fullCommands: readonly string[] }
    readonly getHasOutput: () => boolean
  }
  parseAsync: unknown
  [postProcess: symbol]: PostProcess
}

interface CommandInstance {
  readonly handlers: Readonly<Record<string, Definition>>
  readonly getCommands: () => string[]
  freeze: () => void
  addHandler: (...definition: unknown[]) => void
}

type PostProcess = (argv: unknown, doubleDash: boolean, fromCommand: boolean, globalMiddleware: boolean) => unknown

const instrumented = new WeakSet<object>()

/**
 * Records every command of a yargs CLI as one event and returns the same instance. Call it before `parse()`; commands may be
 * defined before or after. `--help`, `--version` and completions are no commands.
 *
 * @param yargs what `yargs()` returned, version 17 or 18. A later one with other insides is returned as it came, unrecorded
 * @throws TypeError if `yargs` is no such instance
 */
export function instrument<Y extends object>(yargs: Y, tracker: Instrumentable, options: InstrumentOptions = {}): Y {
  const y = yargs as unknown as Yargs
  if (typeof y.getInternalMethods !== 'function') {
    throw new TypeError('instrumenting yargs: got something else, wants what yargs() returned, version 17 or 18')
  }
  const symbols = Object.getOwnPropertySymbols(Object.getPrototypeOf(y))
  const postProcess = symbols.find((symbol) => symbol.description === 'postProcess')
  const internals = y.getInternalMethods()
  const commands = internals.getCommandInstance()
  const usage = internals.getUsageInstance()
  const known = postProcess !== undefined && [commands.freeze, commands.addHandler, usage.fail].every(isFunction)
  if (!known || instrumented.has(y)) return yargs
  instrumented.add(y)

  /** The innermost parse under way: a handler or a builder may parse again. */
  let current: Parse | undefined
  let asynchronous = false

  const { freeze, addHandler } = commands
  commands.freeze = () => {
    watchDefinitions()
    current?.abandon()
    const outer = current
    const depth = internals.getContext().fullCommands.length
    const parse = new Parse({ tracker, options, depth, asynchronous }, () => {
      if (current === parse) current = outer
    })
    current = parse
    asynchronous = false
    freeze.call(commands)
  }

  const watchDefinitions = () => {
    for (const definition of Object.values(commands.handlers)) {
      const recorded = !isWatched(definition, 'builder') && !(UNRECORDED in definition.handler)
      watch(definition, 'builder', (builder) => {
        current?.enter(definition.original, internals.getContext().fullCommands, recorded)
        return builder
      })
      watch(definition, 'handler', (handler) => {
        if (current === undefined || internals.getHasOutput()) return handler
        current.begin()
        // A plain property again, or stack traces would say `Object.<anonymous>` for `Object.handler`. The next parse looks again.
        definition.handler = handler
        return handler
      })
    }
  }
  watchDefinitions()
  commands.addHandler = (...definition) => {
    addHandler.apply(commands, definition)
    watchDefinitions()
  }

  watch(usage, 'fail', (fail) => {
    const parse = current
    if (parse === undefined) return fail
    if (!parse.begun) {
      parse.fail({ outcome: 'usage_error' })
      return fail
    }
    return (message: string | null, error?: unknown) => {
      parse.fail(failureOf(error, { usage: message !== null || !error }))
      return fail(message, error)
    }
  })

  const original = y[postProcess] as PostProcess
  y[postProcess] = (argv, doubleDash, fromCommand, globalMiddleware) => {
    const value = original.call(y, argv, doubleDash, fromCommand, globalMiddleware)
    if (fromCommand || current === undefined) return value
    const unknown = globalMiddleware && !internals.getHasOutput() && commands.getCommands().length > 0
    return current.settle(value, unknown)
  }

  watch(y, 'parseAsync', (parseAsync) => {
    asynchronous = true
    return parseAsync
  })
  return yargs
}

/** An accessor where yargs has a plain property. Whoever assigns to it makes it plain again. */
function watch<T extends object, K extends keyof T & string>(target: T, name: K, read: (value: T[K]) => unknown): void {
  if (isWatched(target, name)) return
  const value = target[name]
  const shape = { configurable: true, enumerable: true }
  const set = (next: T[K]) => void Object.defineProperty(target, name, { ...shape, writable: true, value: next })
  Object.defineProperty(target, name, { ...shape, get: () => read(value), set })
}

function isWatched(target: object, name: string): boolean {
  return Object.getOwnPropertyDescriptor(target, name)?.get !== undefined
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function'
}

/** A yargs CommandModule, without yargs' types: a host need not have them. */
export interface TelemetryCommand {
  readonly command: string
  readonly describe: string
  readonly builder: {
    readonly action: { readonly describe: string; readonly choices: readonly string[]; readonly type: 'string' }
    readonly json: { readonly describe: string; readonly type: 'boolean' }
  }
  readonly handler: (argv: Readonly<Record<string, unknown>>) => void
}

/** `telemetry <status|on|off|log>` for `yargs.command()`. It is not recorded itself. */
export function telemetryCommand(tracker: Inspectable): TelemetryCommand {
  const handler = ({ action, json }: Readonly<Record<string, unknown>>) => {
    const complaint =
      action === 'on' || action === 'off' ? trackingComplaint(action, tracker.setTracking(action)) : null
    if (complaint !== null) {
      process.stderr.write(complaint)
      process.exitCode = 1
    }
    const data = action === 'log' ? tracker.journal() : tracker.status()
    const text = () => ('consent' in data ? statusText(data) : journalText(data))
    process.stdout.write(json === true ? `${JSON.stringify(data, null, 2)}\n` : text())
  }
  return {
    command: 'telemetry <action>',
    describe: 'What this program reports about its use, and whether it may',
    builder: {
      action: { describe: 'What to do', choices: ['status', 'on', 'off', 'log'], type: 'string' },
      json: { describe: 'Print JSON', type: 'boolean' },
    },
    handler: Object.assign(handler, { [UNRECORDED]: true as const }),
  }
}
