import { expect, test } from 'vitest'
import { type CommandEnd, type CommandOutcome, resolveCommandOutcome } from '../../src/tracker/command-outcome.ts'

const error = new Error('it broke')
const named = (name: string): Error => Object.assign(new Error('x'), { name })
const coded = (code: unknown): Error => Object.assign(new Error('x'), { code })
const hostile = {
  get name(): string {
    throw new Error('no name for you')
  },
}

const rows: readonly (readonly [CommandEnd, Omit<CommandOutcome, 'failure'> & { failure?: { error: unknown } }])[] = [
  // returned
  [
    { kind: 'returned', exitCode: 0 },
    { outcome: 'ok', exitCode: 0, signal: null },
  ],
  [
    { kind: 'returned', exitCode: 2 },
    { outcome: 'error', exitCode: 2, signal: null },
  ],
  // threw
  ...(
    [
      [error, 'error'],
      [undefined, 'error'],
      [null, 'error'],
      ['a text', 'error'],
      [hostile, 'error'],
      [named('AbortError'), 'cancelled'],
      [named('ExitPromptError'), 'cancelled'],
      [coded('ABORT_ERR'), 'cancelled'],
      [named('YError'), 'usage_error'],
      [coded('ERR_PARSE_ARGS_UNKNOWN_OPTION'), 'usage_error'],
      [coded('commander.unknownOption'), 'usage_error'],
      [coded('commanderless'), 'error'],
      [coded(7), 'error'],
      [coded('ENOENT'), 'error'],
    ] as const
  ).map(
    ([thrown, outcome]) =>
      [
        { kind: 'threw', error: thrown, exitCode: 1 },
        { outcome, exitCode: 1, signal: null, failure: { error: thrown } },
      ] as const,
  ),
  // exited
  [
    { kind: 'exited', exitCode: 0 },
    { outcome: 'ok', exitCode: 0, signal: null },
  ],
  [
    { kind: 'exited', exitCode: 0, error },
    { outcome: 'ok', exitCode: 0, signal: null },
  ],
  [
    { kind: 'exited', exitCode: 0, signal: 'SIGINT' },
    { outcome: 'ok', exitCode: 0, signal: null },
  ],
  [
    { kind: 'exited', exitCode: 3 },
    { outcome: 'error', exitCode: 3, signal: null },
  ],
  [
    { kind: 'exited', exitCode: 13 },
    { outcome: 'error', exitCode: 13, signal: null },
  ],
  [
    { kind: 'exited', exitCode: 1, error },
    { outcome: 'error', exitCode: 1, signal: null, failure: { error } },
  ],
  [
    { kind: 'exited', exitCode: 1, error: undefined },
    { outcome: 'error', exitCode: 1, signal: null, failure: { error: undefined } },
  ],
  [
    { kind: 'exited', exitCode: 129 },
    { outcome: 'terminated', exitCode: 129, signal: null },
  ],
  [
    { kind: 'exited', exitCode: 130 },
    { outcome: 'cancelled', exitCode: 130, signal: null },
  ],
  [
    { kind: 'exited', exitCode: 143 },
    { outcome: 'terminated', exitCode: 143, signal: null },
  ],
  [
    { kind: 'exited', exitCode: 137 },
    { outcome: 'error', exitCode: 137, signal: null },
  ],
  [
    { kind: 'exited', exitCode: 130, signal: 'SIGINT' },
    { outcome: 'cancelled', exitCode: 130, signal: 'SIGINT' },
  ],
  [
    { kind: 'exited', exitCode: 1, signal: 'SIGINT' },
    { outcome: 'cancelled', exitCode: 1, signal: 'SIGINT' },
  ],
  [
    { kind: 'exited', exitCode: 1, signal: 'SIGHUP' },
    { outcome: 'terminated', exitCode: 1, signal: 'SIGHUP' },
  ],
  [
    { kind: 'exited', exitCode: 1, signal: 'SIGTERM', error },
    { outcome: 'error', exitCode: 1, signal: null, failure: { error } },
  ],
  // signalled
  [
    { kind: 'signalled', signal: 'SIGHUP' },
    { outcome: 'terminated', exitCode: 129, signal: 'SIGHUP' },
  ],
  [
    { kind: 'signalled', signal: 'SIGINT' },
    { outcome: 'cancelled', exitCode: 130, signal: 'SIGINT' },
  ],
  [
    { kind: 'signalled', signal: 'SIGTERM' },
    { outcome: 'terminated', exitCode: 143, signal: 'SIGTERM' },
  ],
  // declared
  ...(['ok', 'error', 'usage_error', 'cancelled', 'terminated'] as const).map(
    (outcome) =>
      [
        { kind: 'declared', outcome, exitCode: 4 },
        { outcome, exitCode: 4, signal: null },
      ] as const,
  ),
  [
    { kind: 'declared', outcome: 'usage_error', exitCode: 1, error },
    { outcome: 'usage_error', exitCode: 1, signal: null, failure: { error } },
  ],
]

test.each(rows.map(([end, outcome]) => [nameOf(end), outcome.outcome, end, outcome] as const))(
  'resolveCommandOutcome() of %s is %s',
  (_, __, end, outcome) => {
    expect(resolveCommandOutcome(end)).toStrictEqual(outcome)
  },
)

function nameOf(end: CommandEnd): string {
  const { kind, exitCode, signal, outcome } = { exitCode: '', signal: '', outcome: '', ...end }
  const thrown = 'error' in end ? `with ${end.error === hostile ? 'a hostile object' : String(end.error)}` : ''
  return [kind, exitCode, signal, outcome, thrown].filter((word) => word !== '').join(' ')
}
