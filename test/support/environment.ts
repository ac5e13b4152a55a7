/** What a child of a test gets: nothing that decides consent, delivery or the network way by accident. */
import { isCi } from '../../src/consent/ci-rules.ts'

const OURS =
  /^(DO_NOT_TRACK|AFTERWORD_.*|.*_USAGE_TRACKING|(https?|all|no)_proxy|NODE_OPTIONS|NODE_V8_COVERAGE|NODE_EXTRA_CA_CERTS|XDG_.*|TMPDIR)$/i

/** Where global-setup.ts, test/wine/setup.sh and test/runtimes/setup.sh have put what tests need. */
const OF_THE_TESTS: readonly string[] = ['AFTERWORD_TEST_HOME', 'AFTERWORD_WINE', 'AFTERWORD_RUNTIMES']

/** Names to remove from `variables`: ours, and every one by which this machine would look like CI. */
export function clearedVariables(variables: Readonly<Record<string, string | undefined>>): readonly string[] {
  return Object.keys(variables).filter(
    (name) =>
      (OURS.test(name) && !OF_THE_TESTS.includes(name)) || (name !== 'PATH' && isCi({ [name]: variables[name] })),
  )
}

/** PATH, the given home, a temporary directory inside it, and what is added. */
export function cleanEnvironment(home: string, added: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', HOME: home, TMPDIR: home, ...added }
}
