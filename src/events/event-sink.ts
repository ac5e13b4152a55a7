/**
 * How the session tracer and the CDP proxy hand on what they have to say: a plain function. They know nothing of consent, spool or
 * PostHog; whoever runs them gives them a sink that does (spool/spool-sink.ts).
 */
import type { Envelope, Properties } from './envelope.ts'

/**
 * To whom an event is booked and where it is to go: fixed when what it is about began, and kept with that thing's record, so
 * that neither a login, a logout nor another version in between can change it.
 */
export interface Attribution
  extends Pick<Envelope, 'app' | 'api_key' | 'host' | 'distinct_id' | 'is_anon' | 'delivery'> {
  /** The stored choice as it then lay on disk. Another one now: it was taken away or given anew in between, and nothing is sent. */
  readonly consent_mark: string
}

export interface SinkEvent extends Pick<Envelope, 'event' | 'uuid' | 'timestamp'> {
  readonly properties: Properties
  /** Null: nothing was allowed, or nowhere to send to, when it began. */
  readonly attribution: Attribution | null
}

/** Synchronous; never throws. */
export type EventSink = (event: SinkEvent) => void
