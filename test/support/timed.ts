/** For a test whose promise is a wall time of a second or less beside what it waits for: a machine that was busy elsewhere for that moment breaks no promise, three times in a row does. */
export const TIMED = { retry: 2 } as const
