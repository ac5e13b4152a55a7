type Listener = (url: string) => void

/** What a session needs of an {@link Upstream}: to read it, and to hear of changes. */
export interface UpstreamView {
  readonly current: string | undefined
  subscribe(listener: Listener): () => void
}

/**
 * The browser's DevTools address as it is known now: `ws://127.0.0.1:9222/devtools/browser/<id>`, `undefined` before the first.
 *
 * Race R40: who subscribes and then reads misses nothing, because an address is stored before it is announced.
 */
export class Upstream implements UpstreamView {
  #current: string | undefined
  readonly #listeners = new Set<{ readonly tell: Listener }>()

  get current(): string | undefined {
    return this.#current
  }

  /** How many subscriptions are open: a session that has ended has left none. */
  get subscribers(): number {
    return this.#listeners.size
  }

  /** Empty and equal addresses are no news. Listeners are told in order, before this returns. */
  set(url: string): void {
    if (url === '' || url === this.#current) return
    this.#current = url
    for (const listener of [...this.#listeners]) {
      // Told by a listener of a newer address: that call has announced it to everybody, and the old one is no longer true.
      if (this.#current !== url) return
      if (!this.#listeners.has(listener)) continue
      listener.tell(url)
    }
  }

  /** Hears every change from now on, the latest only. The function returned ends it; calling it twice does nothing. */
  subscribe(listener: Listener): () => void {
    const entry = { tell: listener }
    this.#listeners.add(entry)
    return () => void this.#listeners.delete(entry)
  }
}
