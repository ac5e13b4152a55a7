/** Something that has to happen again and again, and the clock that runs out when it does not. */
export interface IdleWatch {
  /** It happened. */
  touch(): void
  stop(): void
}

/** Nanoseconds of a clock that no one sets, and that stands still while the machine sleeps. */
export type MonotonicNs = () => bigint

/**
 * Calls `onIdle` once when `idleMs` pass without a touch. One timer, re-armed for what is left, and not one for each touch.
 *
 * Race R32: this process is stopped (Ctrl-Z, a debugger, a busy loop) for longer than the limit while the workload goes on. Its timer
 * fires before what waits in the pipes is read, so it looks again a turn later: output that was there counts.
 */
export function watchIdle(
  idleMs: number,
  onIdle: () => void,
  now: MonotonicNs = () => process.hrtime.bigint(),
): IdleWatch {
  let touchedAt = now()
  let stopped = false
  let timer: NodeJS.Timeout
  const leftMs = (): number => idleMs - Number(now() - touchedAt) / 1e6
  const arm = (): void => {
    timer = setTimeout(() => setImmediate(look), Math.max(1, Math.ceil(leftMs())))
  }
  const look = (): void => {
    if (stopped) return
    if (leftMs() > 0) return arm()
    stopped = true
    onIdle()
  }
  arm()
  return {
    touch: () => {
      touchedAt = now()
    },
    stop: () => {
      stopped = true
      clearTimeout(timer)
    },
  }
}
