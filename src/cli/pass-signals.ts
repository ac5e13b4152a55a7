/** Signals that somebody sends to `afterword trace` are meant for the workload. */
import { isatty } from 'node:tty'
import { openSignalRelay, type SignalRelay } from '../session/kill.ts'
import { holdProcess } from '../tracer/procfs/held-process.ts'
import { STAT } from '../tracer/procfs/stat.ts'

export interface PassedSignals {
  /** Aborted by a signal that nobody could be given. */
  readonly cancelled: AbortSignal
  /** From now on they go to this process. Its number must be the workload's: it is held at once. */
  readonly to: (pid: number) => void
  /** The last one that came. */
  last(): NodeJS.Signals | null
  stop(): void
}

/** By `kill(2)`. What else ends a program is either not to be caught, or a fault of our own. */
const MEANT_FOR_THE_WORKLOAD = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const
/** By a key, and then the terminal's whole foreground group has had it. */
const TYPED = ['SIGINT', 'SIGQUIT'] as const

/**
 * Passes them on until `stop()`. A typed one is not passed on: the workload has it from the terminal, or, in a pseudo-terminal, as a
 * key. So in a terminal's foreground a `kill -INT` is taken for a key; in the background and without a terminal it is passed on.
 *
 * Race R37: a signal comes before the workload's pid is known. Then the session is cancelled, and its caller ends by that signal.
 */
export function passSignals(): PassedSignals {
  const controller = new AbortController()
  let relay: SignalRelay | null = null
  let last: NodeJS.Signals | null = null
  const pass = (signal: NodeJS.Signals): void => {
    last = signal
    if (relay === null) controller.abort()
    else relay.send(signal)
  }
  const passUnlessTyped = (signal: NodeJS.Signals): void => {
    if (!inForeground()) pass(signal)
  }
  for (const signal of MEANT_FOR_THE_WORKLOAD) process.on(signal, pass)
  for (const signal of TYPED) process.on(signal, passUnlessTyped)
  return {
    cancelled: controller.signal,
    to: (pid) => {
      relay = openSignalRelay(pid)
    },
    last: () => last,
    stop() {
      for (const signal of MEANT_FOR_THE_WORKLOAD) process.off(signal, pass)
      for (const signal of TYPED) process.off(signal, passUnlessTyped)
      relay?.close()
    },
  }
}

/** Whether the terminal sends what is typed to our process group. */
function inForeground(): boolean {
  const self = holdProcess(process.pid)
  const at = self?.stat()?.at
  self?.close()
  return at === undefined ? isatty(0) : at[STAT.tpgid] === at[STAT.pgrp]
}
