/** How long a session waits, and for whom, when nothing else ends the wait: milliseconds. docs/sessions.md says what follows. */
export const DRAIN_WINDOWS = {
  /** For the shim's word on descriptor 3; 4 to 11 ms are usual. */
  gate: 2000,
  /** For script(1) to fork its child, where the gate cannot be had. */
  onlyChild: 500,
  /** `completionDrainMs`: for a workload to leave by itself once it is complete, and for the other channel to say so too. */
  completion: 3000,
  /** `killGraceMs`: between SIGTERM and SIGKILL. */
  killGrace: 2000,
  /** Between one SIGKILL and the next, to whoever was forked meanwhile. */
  killAgain: 100,
  /** For script(1), which lingers 20 ms after its workload, before it gets a SIGKILL of its own. */
  wrapper: 3000,
  /** For somebody whom SIGKILL did not end: stuck in the kernel, or on a dead disk. */
  unkillable: 1000,
  /** `outputDrainMs`: after the exit, for a pipe that a child in the background still holds. */
  output: 250,
} as const

/** A completed workload has the time of a proper shutdown, and half a second to be reaped in: so that leaving is no kill. */
export const LEAST_COMPLETION_DRAIN_MS: number = DRAIN_WINDOWS.killGrace + 500
