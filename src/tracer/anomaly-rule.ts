import type { AnomalyKind, AnomalySeverity } from './anomaly.ts'
import type { ProcSnapshot } from './proc-snapshot.ts'

/** What a rule sees in one row. Between `on` and `off` an episode goes on as it is. */
export interface AnomalyLook {
  readonly on: boolean
  readonly off: boolean
  /** The larger the worse; what `peak` keeps. */
  readonly value: number
  /** Asked for when an episode begins: most rows begin none. */
  readonly detail: () => string
  /** Worse than the rule's own. */
  readonly severity?: AnomalySeverity
}

/** One kind of anomaly that rows show. `look` is called once a row, in order, and answers null when the row does not say. */
export interface AnomalyRule {
  readonly kind: AnomalyKind
  readonly severity: AnomalySeverity
  /** How long it must be on, in monotonic time. */
  readonly forMs: number
  readonly look: (row: ProcSnapshot, previous: ProcSnapshot | null) => AnomalyLook | null
}
