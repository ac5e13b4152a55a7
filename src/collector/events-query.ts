import type { EventsQuery } from './store.ts'

export type ParsedEventsQuery =
  | { readonly kind: 'query'; readonly query: EventsQuery }
  | { readonly kind: 'refused'; readonly reason: string }

export const EVENTS_LIMIT_MAX = 1000

const KNOWN: ReadonlySet<string> = new Set(['limit', 'after', 'order', 'event', 'distinct_id'])

/** The query of `GET /api/events`. Pure. An empty value is as good as none. */
export function parseEventsQuery(query: URLSearchParams): ParsedEventsQuery {
  for (const key of query.keys()) if (!KNOWN.has(key)) return refused(`unknown parameter ${key}`)
  const value = (key: string): string | undefined => query.get(key) || undefined
  const limit = integer(value('limit') ?? '100')
  if (limit === undefined || limit < 1 || limit > EVENTS_LIMIT_MAX)
    return refused(`limit: wants 1 to ${EVENTS_LIMIT_MAX}`)
  const after = value('after')
  const afterSeq = after === undefined ? undefined : integer(after)
  if (after !== undefined && afterSeq === undefined) return refused('after: wants the "next" of an earlier answer')
  const order = value('order') ?? 'oldest'
  if (order !== 'oldest' && order !== 'newest') return refused('order: wants oldest or newest')
  const event = value('event')
  const distinctId = value('distinct_id')
  return {
    kind: 'query',
    query: {
      limit,
      order,
      ...(afterSeq === undefined ? {} : { after: afterSeq }),
      ...(event === undefined ? {} : { event }),
      ...(distinctId === undefined ? {} : { distinctId }),
    },
  }
}

function refused(reason: string): ParsedEventsQuery {
  return { kind: 'refused', reason }
}

function integer(text: string): number | undefined {
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN
  return Number.isSafeInteger(number) ? number : undefined
}
