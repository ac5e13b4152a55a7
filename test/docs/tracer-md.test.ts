import { expect, test } from 'vitest'
import { ANOMALY_KINDS } from '../../src/tracer/anomaly.ts'
import { table } from './markdown.ts'

test('docs/tracer.md has a rule for each kind of anomaly', () => {
  const kinds = table('docs/tracer.md', 'kind', 'when').map(([kind]) => kind?.replaceAll('`', ''))
  expect([...kinds].sort()).toEqual([...ANOMALY_KINDS].sort())
})
