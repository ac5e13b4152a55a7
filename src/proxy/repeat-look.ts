/** Looks again and again, never twice at a time. Does not keep the process alive. */

export interface Looking {
  /** No look begins after this; one that is under way may still end. */
  stop(): void
}

/** `look` says after how many milliseconds it wants to look again, and does not reject: what it meets is a fact of its own. */
export function repeatLook(look: () => Promise<number>): Looking {
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  const again = async (): Promise<void> => {
    const afterMs = await look()
    if (stopped) return
    timer = setTimeout(() => void again(), afterMs)
    timer.unref()
  }
  void again()
  return {
    stop: () => {
      stopped = true
      clearTimeout(timer)
    },
  }
}
