/** The probes in their order, from what was read. Pure. */
import { variableName } from '../../consent/decide-consent.ts'
import type { Environment } from '../../reporter/proxy-tunnel.ts'
import { counted } from '../in-words.ts'
import { judgeKey, judgeProxy, judgeRegion } from './destinations.ts'
import { judgeDirectory, judgeTelemetryFolder } from './directory.ts'
import { judgeReach } from './judge-reach.ts'
import { fateOf, judgeLastRun, judgeReporterLock, judgeReporterProcess } from './judge-reporter.ts'
import { judgeBackoff, judgeBegun, judgeJournal, judgeWaiting } from './judge-spool.ts'
import { type Probe, probe } from './probe.ts'
import type { Looked } from './read-deep.ts'
import { judgeStart } from './reporter-start.ts'
import { judgeDelivery, judgeRuntime, judgeWindowsJob, type PlatformFacts } from './runtime.ts'
import { judgeUsage, judgeUsageLock } from './usage-file.ts'

export interface ProbeGroup {
  readonly title: string
  readonly probes: readonly Probe[]
}

export function judgeAll(seen: Looked, runtime: PlatformFacts, env: Environment): readonly ProbeGroup[] {
  const { report, directory, usage, reporter, spool, backoff, nowMs } = seen
  const { lock, lastRun } = reporter
  return [
    {
      title: `state in ${seen.directoryInUse}`,
      probes: [
        judgeConsent(report.consent),
        judgeDirectory(directory, variableName(report.app)),
        judgeTelemetryFolder(directory),
        ...judgeStandIns(seen),
        judgeUsage(usage),
        judgeUsageLock(usage),
      ],
    },
    {
      title: 'reporter',
      probes: [
        judgeRuntime(runtime),
        judgeDelivery(report.delivery),
        judgeStart(seen.start),
        judgeReporterLock(lock),
        judgeReporterProcess(lock.holder),
        judgeLastRun(lastRun, fateOf(lastRun, lock.holder, nowMs), nowMs),
        judgeWindowsJob(runtime),
      ],
    },
    {
      title: 'events',
      probes: [
        judgeWaiting(spool, nowMs),
        judgeBegun(spool),
        judgeJournal(spool, nowMs),
        ...judgeBackoff(backoff, nowMs),
      ],
    },
    ...judgeDestinations(seen, env),
  ]
}

function judgeConsent({ allowed, mode, source, explanation }: Looked['report']['consent']): Probe {
  const name = 'consent'
  if (allowed) return probe(name, 'PASS', explanation)
  if (source === 'stored-unreadable') return probe(name, 'FAIL', explanation)
  return probe(name, 'n/a', mode === 'log' ? explanation : `${explanation} No means no: nothing was started or asked.`)
}

function judgeStandIns({ report, directory, directoryInUse }: Looked): readonly Probe[] {
  return report.standIns.map((each) => {
    const waits = `${each.directory}: ${each.waiting === 0 ? 'nothing waits' : `${counted(each.waiting, 'event')} waiting`} there`
    return each.directory === directoryInUse && each.directory !== directory.path
      ? probe('stand-in', 'PASS', `${waits}. In use, and what follows is about it.`)
      : probe('stand-in', each.waiting === 0 ? 'PASS' : 'WARN', `${waits}, from when the directory took no writes`)
  })
}

function judgeDestinations(seen: Looked, env: Environment): readonly ProbeGroup[] {
  const { destinations, report, steps } = seen
  if (destinations.length === 0)
    return [
      {
        title: 'endpoint',
        probes: [probe('endpoint', 'n/a', 'none is known before the first event. Give --host to ask one.')],
      },
    ]
  return destinations.map(({ host, apiKey }) => {
    const region = judgeRegion(host)
    const network = !report.consent.allowed
      ? [probe('network', 'n/a', `not asked. ${report.consent.explanation}`)]
      : [judgeProxy(host, env), ...judgeReach(host, steps)]
    const probes = [judgeKey(apiKey), region, ...(region.verdict === 'FAIL' ? [] : network)]
    return { title: `endpoint ${host}`, probes: probes.map((each) => ({ ...each, destination: host })) }
  })
}
