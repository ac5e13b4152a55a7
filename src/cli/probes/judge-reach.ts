/** What the steps to a server amount to. Pure. */
import { type Probe, type ProbeVerdict, probe } from './probe.ts'
import { PROBE_REQUEST, type Step, STEPS, type StepName } from './reach-step.ts'

export function judgeReach(host: string, steps: readonly Step[]): readonly Probe[] {
  const mine = steps.filter((step) => step.host === host)
  const broken = mine.find(({ kind }) => kind === 'failed' || kind === 'timeout')
  return STEPS.map((name) => {
    const step = mine.find((each) => each.step === name)
    if (step !== undefined) return judgeStep(name, step)
    return broken === undefined
      ? probe(name, 'FAIL', 'no answer: the process that asked was killed, or could not be started')
      : probe(name, 'n/a', `not tried, because ${broken.step} failed`)
  })
}

/** Whether a reporter would get an answer there that it takes for one. */
export function isReachable(host: string, steps: readonly Step[]): boolean {
  const http = steps.find((each) => each.host === host && each.step === 'http')
  return http !== undefined && judgeStep('http', http).verdict === 'PASS'
}

function judgeStep(name: StepName, { kind, ms, detail, answer }: Step): Probe {
  switch (kind) {
    case 'skipped':
      return probe(name, 'n/a', detail)
    case 'timeout':
      return probe(name, 'FAIL', detail)
    case 'failed':
      return probe(name, 'FAIL', `${detail}${adviceOn(name, detail)} (${ms} ms)`)
    case 'done':
      return answer === undefined ? probe(name, 'PASS', `${detail} (${ms} ms)`) : judgeAnswer(answer, ms)
  }
}

function judgeAnswer({ status, isHtml, location }: NonNullable<Step['answer']>, ms: number): Probe {
  const said = `${PROBE_REQUEST.method} ${PROBE_REQUEST.path} answered ${status} in ${ms} ms`
  const [verdict, words] = wordsOn(status, isHtml, location)
  return probe('http', verdict, `${said}${words}`)
}

function wordsOn(status: number, isHtml: boolean, location: string | null): readonly [ProbeVerdict, string] {
  if (status >= 300 && status < 400)
    return ['FAIL', ` and leads to ${location ?? 'nowhere'}: a reporter follows nobody. Use the address it leads to.`]
  if (status === 407) return ['FAIL', ': the proxy wants a name and password']
  if (isHtml) return ['FAIL', ' with a web page: a captive portal, a proxy, or an address that is no endpoint']
  if (status >= 200 && status < 300) return ['PASS', '; no event was sent']
  if (status === 405 || status === 501) return ['WARN', ': it is there, but does not know this question']
  if (status === 404) return ['FAIL', ': there is no endpoint under this address']
  if (status === 401 || status === 403) return ['FAIL', ': it refuses us']
  return ['FAIL', status >= 500 || status === 429 ? ': it is in trouble, or too busy' : '']
}

const ADVICE: { readonly [step in StepName]: readonly (readonly [RegExp, string])[] } = {
  dns: [[/ENOTFOUND|EAI_/, ': the name is not known here. Offline, or mistyped?']],
  tcp: [
    [/ECONNREFUSED/, ': nobody listens there'],
    [/EHOSTUNREACH|ENETUNREACH/, ': there is no way there'],
  ],
  tls: [
    [/CERT_HAS_EXPIRED|NOT_YET_VALID/, ': the certificate is out of date, or this clock is wrong'],
    [/ALTNAME_INVALID|HOSTNAME_MISMATCH/, ': the certificate is for another name'],
    [
      /SELF_SIGNED|UNABLE_TO_/,
      ': the certificate is of nobody trusted here. A proxy of your own? NODE_EXTRA_CA_CERTS names its authority.',
    ],
    [/WRONG_VERSION_NUMBER|EPROTO|ECONNRESET/, ': what listens there speaks no TLS'],
  ],
  http: [[/^PROXY_/, ': the proxy does not let us through']],
}

function adviceOn(name: StepName, detail: string): string {
  const known = name === 'http' ? [...ADVICE.http, ...ADVICE.tls] : ADVICE[name]
  return known.find(([pattern]) => pattern.test(detail))?.[1] ?? ''
}
