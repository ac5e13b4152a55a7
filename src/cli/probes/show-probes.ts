/** The probes as people read them: a line each, what does not fit goes on below it, and at the end which signal lies. Pure. */
import { type Cell, inColumns, printable, wrapped } from '../columns.ts'
import { counted } from '../in-words.ts'
import type { Screen, Style } from '../screen.ts'
import type { ProbeGroup } from './judge-all.ts'
import type { ProbeVerdict } from './probe.ts'
import type { Contradiction } from './reporter-contradictions.ts'

const STYLES: { readonly [verdict in ProbeVerdict]: Style } = {
  PASS: 'green',
  FAIL: 'red',
  WARN: 'yellow',
  'n/a': 'dim',
}

export function showProbes(
  groups: readonly ProbeGroup[],
  contradictions: readonly Contradiction[],
  { paint, columns }: Pick<Screen, 'paint' | 'columns'>,
): string {
  const probes = groups.flatMap((group) => group.probes)
  const nameWidth = Math.max(...probes.map(({ name }) => name.length))
  const room = Math.max(30, columns - nameWidth - 8) // `PASS  name  `
  const blocks = groups.map(({ title, probes: own }) => {
    const rows = own.flatMap(({ name, verdict, evidence }) =>
      wrapped(printable(evidence), room)
        .split('\n')
        .map((line, index): Cell[] =>
          index === 0
            ? [[STYLES[verdict], verdict], name.padEnd(nameWidth), line]
            : ['    ', ' '.repeat(nameWidth), line],
        ),
    )
    return `${paint('bold', printable(title))}\n${inColumns(rows, paint)}`
  })
  const lies = contradictions.map(({ lies: who, because }) => {
    const text = wrapped(printable(`${who}: ${because}`), columns - 2, 2)
    return `${paint('yellow', who)}${text.slice(who.length)}\n`
  })
  const last = lies.length === 0 ? [] : [`${paint('bold', 'which signal lies')}\n${lies.join('')}`]
  return [...blocks, ...last, `${countsInWords(groups)}\n`].join('\n')
}

function countsInWords(groups: readonly ProbeGroup[]): string {
  const verdicts = groups.flatMap((group) => group.probes.map(({ verdict }) => verdict))
  const count = (wanted: ProbeVerdict): number => verdicts.filter((verdict) => verdict === wanted).length
  const warned = count('WARN') === 0 ? '' : `, ${counted(count('WARN'), 'warning')}`
  return `${count('PASS')} passed, ${count('FAIL')} failed${warned}, ${count('n/a')} not applicable`
}
