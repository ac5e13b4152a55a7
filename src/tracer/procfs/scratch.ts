/**
 * The one buffer that every /proc file is read into. Reading is synchronous, and what was read is parsed before the next read: no
 * two readers ever share it. 16 KiB holds each file read here (a `children` file of about 2,000 processes).
 */
export const scratch: Buffer = Buffer.allocUnsafeSlow(16 * 1024)
