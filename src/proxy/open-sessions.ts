/** The connections that are being served: a server's `close()` neither ends nor awaits what was upgraded. */
export class OpenSessions {
  readonly #open = new Set<Promise<void>>()

  get size(): number {
    return this.#open.size
  }

  add(session: Promise<void>): void {
    this.#open.add(session)
    void session.finally(() => this.#open.delete(session))
  }

  /** Resolves when all have ended and told so, at most `withinMs` later, with how many had not. Abort their signal first. */
  async drained(withinMs: number): Promise<number> {
    let timer: NodeJS.Timeout | undefined
    const time = new Promise<void>((resolve) => (timer = setTimeout(resolve, withinMs)))
    await Promise.race([Promise.allSettled(this.#open), time])
    clearTimeout(timer)
    return this.#open.size
  }
}
