/** What is known of the host's process and machine, each by the cheapest way there is (docs/evidence.md). */
import type { RuntimeFacts } from '../events/command-event.ts'
import { fs } from '../files/fs.ts'
import { isTerminal } from '../platform/terminal.ts'

const OS_TYPES: Readonly<Record<string, string>> = {
  linux: 'Linux',
  darwin: 'Darwin',
}

export function hostFacts(isCi: boolean): RuntimeFacts {
  return {
    runtimeVersion: process.versions.node,
    osType: OS_TYPES[process.platform] ?? process.getBuiltinModule('node:os').type(),
    osRelease: osRelease(),
    isCi,
    isTty: isTerminal(1),
  }
}

function osRelease(): string {
  try {
    return process.platform === 'linux'
      ? fs.readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim()
      : process.getBuiltinModule('node:os').release()
  } catch {
    return ''
  }
}
