/** What tests put in the place of the machine. */
export interface TracingSeams {
  readonly procRoot: string
  readonly cgroupRoot: string
  readonly platform: string
  /** Milliseconds since 1970. */
  readonly wallMs: () => number
  readonly monotonicNs: () => number
  /** CPU time of this process, in microseconds. */
  readonly ownCpuUs: () => number
  /** Calls once after the time; the returned function takes it back. Must not keep the process alive. */
  readonly setTimer: (run: () => void, afterMs: number) => () => void
}

export const REAL_SEAMS: TracingSeams = {
  procRoot: '/proc',
  cgroupRoot: '/sys/fs/cgroup',
  platform: process.platform,
  wallMs: Date.now,
  monotonicNs: () => Number(process.hrtime.bigint()),
  ownCpuUs: () => {
    const { user, system } = process.cpuUsage()
    return user + system
  },
  setTimer: (run, afterMs) => {
    const timer = setTimeout(run, afterMs).unref()
    return () => clearTimeout(timer)
  },
}
