/** One parse of an instrumented yargs: at most one command, and then one event. yargs.ts says when each method is called. */

/** What the adapter needs of a CommandTracker. */
export interface Instrumentable {
  /** Never throws. */
  begin(name: string, options?: { readonly identity?: 'login' | 'logout' }): InstrumentedCommand
}

export interface InstrumentedCommand {
  /** Never throws, commits before it returns, also inside 'exit'. A promise means a login's look-up is under way. */
  finish(end?: CommandFinish): Promise<unknown> | void
}

export interface CommandFinish {
  readonly error?: unknown
  readonly exitCode?: number
  readonly outcome?: 'error' | 'usage_error'
}

export interface InstrumentOptions {
  /** The command that signs in, named as in events: `login`, `auth.login`. @default none */
  readonly login?: string
  /** The command that signs out. @default none */
  readonly logout?: string
}

export interface ParseFacts {
  readonly tracker: Instrumentable
  readonly options: InstrumentOptions
  /** Commands in yargs' context that are not of this parse: those of an enclosing one, or of one that threw. */
  readonly depth: number
  /** True: the caller gets a promise anyway, so a value may become one. */
  readonly asynchronous: boolean
}

/** Words that are no command are the user's text: all of them are called this. */
const UNKNOWN_COMMAND = '(unknown)'
/** The root's `$0` command, if it has no name beside. */
const DEFAULT_COMMAND = 'default'
/** How long `parseAsync()` waits for a login's look-up. The tracker keeps to it by itself; this is the second rope. */
const LOGIN_WAIT_MS = 2000

export class Parse {
  readonly #facts: ParseFacts
  readonly #over: () => void
  readonly #turn: NodeJS.Immediate
  #name: string = UNKNOWN_COMMAND
  #recorded = true
  #handling = false
  #preparing = false
  #command: InstrumentedCommand | undefined
  #failure: CommandFinish | undefined
  #finished = false

  constructor(facts: ParseFacts, over: () => void) {
    this.#facts = facts
    this.#over = over
    // Still here a turn later: something was thrown through yargs, and the host, which caught it, alone has the error.
    this.#turn = setImmediate(() => {
      this.fail({ outcome: 'error' })
      void this.#finish()
    })
    process.once('uncaughtExceptionMonitor', this.#onUncaught)
  }

  /** Was the handler asked for? Then what fails is no longer the usage. */
  get begun(): boolean {
    return this.#handling
  }

  /** @param fullCommands definitions on the way, outermost first: `db`, `migrate <to>`. A default command is not among them */
  enter(original: string, fullCommands: readonly string[], recorded: boolean): void {
    if (this.#command !== undefined) return
    this.#name = commandName(fullCommands.slice(this.#facts.depth), original)
    this.#recorded = recorded
  }

  /** yargs is about to prepare, and then run, the handler. */
  begin(): void {
    this.#handling = true
    this.#preparing = true
    this.#start()
  }

  /** The first failure is the one that counts. It is said when the exit code is known: at 'exit', or when the parse is over. */
  fail(failure: CommandFinish): void {
    if (this.#finished || !this.#recorded || this.#failure !== undefined) return
    this.#start()
    this.#failure = failure
    process.prependListener('exit', this.#onExit) // before the tracker's own: a `.fail()` of the host's exits as it likes
  }

  /** Another parse begins. If this one has failed it was thrown out of, in the same turn. */
  abandon(): void {
    if (this.#failure !== undefined) void this.#finish()
  }

  /**
   * yargs has the final value, or a promise of it. Returns the same; where it may, a promise that waits for a login.
   * @param words may `_` hold words that no command took?
   */
  settle(value: unknown, words: boolean): unknown {
    if (this.#preparing) {
      this.#preparing = false
      return value
    }
    this.#stopWatching()
    if (!isThenable(value)) {
      const login = this.#succeed(value, words)
      return login !== undefined && this.#facts.asynchronous ? login.then(() => value) : value
    }
    return value.then(
      (argv) => this.#succeed(argv, words)?.then(() => argv) ?? argv,
      (error: unknown) => {
        this.fail(failureOf(error, { usage: false }))
        void this.#finish()
        throw error
      },
    )
  }

  #start(): void {
    if (this.#finished || !this.#recorded || this.#command !== undefined) return
    const { tracker, options } = this.#facts
    const identity = this.#name === options.login ? 'login' : this.#name === options.logout ? 'logout' : undefined
    this.#command = tracker.begin(this.#name, identity === undefined ? {} : { identity })
  }

  #succeed(argv: unknown, words: boolean): Promise<void> | undefined {
    if (words && !this.#handling && hasWords(argv)) this.#start()
    return this.#finish()
  }

  #finish(): Promise<void> | undefined {
    if (this.#finished) return undefined
    this.#finished = true
    this.#stopWatching()
    process.off('exit', this.#onExit)
    this.#over()
    const login = this.#command?.finish(this.#failure)
    return isThenable(login) ? atMost(login, LOGIN_WAIT_MS) : undefined
  }

  #stopWatching(): void {
    clearImmediate(this.#turn)
    process.off('uncaughtExceptionMonitor', this.#onUncaught)
  }

  readonly #onUncaught = (error: unknown): void => this.fail(failureOf(error, { usage: false }))

  readonly #onExit = (exitCode: number): void => {
    this.#failure = { ...this.#failure, exitCode }
    void this.#finish()
  }
}

/** yargs' own errors quote the user's words: that they happened is said, not what they say. */
export function failureOf(error: unknown, { usage }: { readonly usage: boolean }): CommandFinish {
  const own = error instanceof Error && error.name === 'YError'
  if (own || (usage && !(error instanceof Error))) return { outcome: 'usage_error' }
  return usage ? { outcome: 'usage_error', error } : { error }
}

/** `['db', 'migrate <to>']` → `db.migrate`; `['db']`, `$0` → `db`; `[]`, `$0 [file]` → `default`; `[]`, `serve` → `serve` */
function commandName(fullCommands: readonly string[], original: string): string {
  const path = fullCommands.at(-1) === original ? fullCommands : [...fullCommands, original]
  const names = path.map((definition) => definition.trim().split(/\s/, 1)[0] ?? '')
  return names.filter((name) => !/^(\*|\$0)/.test(name)).join('.') || DEFAULT_COMMAND
}

function hasWords(argv: unknown): boolean {
  const { _: words, 'get-yargs-completions': completing } = argv as { _?: unknown; 'get-yargs-completions'?: unknown }
  return Array.isArray(words) && words.length > 0 && completing === undefined
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}

/** Resolves, whatever becomes of the promise. */
function atMost(promise: PromiseLike<unknown>, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    const settled = () => {
      clearTimeout(timer)
      resolve()
    }
    promise.then(settled, settled)
  })
}
