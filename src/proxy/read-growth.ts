/**
 * Reads what was added to a file since the last look, through rotation and truncation, by inode and offset.
 *
 * A file that was truncated and has grown past the old offset since (logrotate's copytruncate) looks as if it had only grown: so the last bytes
 * that were read are read again, and must still stand there.
 */
import fs from 'node:fs/promises'

/** What a look found. `anew`: these bytes are of another file, or of the same one begun again. */
export interface Growth {
  readonly bytes: Buffer
  readonly anew: boolean
}

const READ_BYTES = 256 * 1024
const WITNESS_BYTES = 64

export class GrowingFile {
  readonly #path: string
  #handle: fs.FileHandle | null = null
  #inode: bigint | null = null
  #offset = 0
  #witness: Buffer = Buffer.alloc(0)

  constructor(path: string) {
    this.#path = path
  }

  /** The next piece, at most 256 KiB; empty when there is nothing new, or no file (yet). Rejects with an errno for what cannot be read. */
  async read(): Promise<Growth> {
    if (this.#handle !== null) {
      const growth = await this.#readOn(this.#handle)
      if (growth.bytes.length > 0) return growth
      // The old file is read to its end before the new one is begun: a line written just before the rotation counts.
      const there = await inodeOf(this.#path)
      if (there === null || there === this.#inode) return growth
      await this.close()
    }
    this.#handle = await openIfThere(this.#path)
    if (this.#handle === null) return { bytes: Buffer.alloc(0), anew: false }
    const stat = await this.#handle.stat({ bigint: true })
    if (!stat.isFile()) {
      await this.close()
      throw new TypeError(`reading ${this.#path}: got no plain file, wants a log`)
    }
    this.#inode = stat.ino
    this.#begin()
    return { ...(await this.#readOn(this.#handle)), anew: true }
  }

  async close(): Promise<void> {
    const handle = this.#handle
    this.#handle = null
    await handle?.close()
  }

  #begin(): void {
    this.#offset = 0
    this.#witness = Buffer.alloc(0)
  }

  async #readOn(handle: fs.FileHandle): Promise<Growth> {
    const anew = !(await this.#stillStands(handle))
    if (anew) this.#begin()
    const buffer = Buffer.alloc(READ_BYTES)
    const { bytesRead } = await handle.read(buffer, 0, READ_BYTES, this.#offset)
    const bytes = buffer.subarray(0, bytesRead)
    this.#offset += bytesRead
    this.#witness = Buffer.from(Buffer.concat([this.#witness, bytes]).subarray(-WITNESS_BYTES))
    return { bytes, anew }
  }

  async #stillStands(handle: fs.FileHandle): Promise<boolean> {
    const length = this.#witness.length
    const seen = Buffer.alloc(length)
    const { bytesRead } = await handle.read(seen, 0, length, this.#offset - length)
    return bytesRead === length && seen.equals(this.#witness)
  }
}

async function inodeOf(path: string): Promise<bigint | null> {
  try {
    return (await fs.stat(path, { bigint: true })).ino
  } catch {
    return null // between two files of a rotation
  }
}

/** Never waits for a writer, should somebody put a FIFO there. */
async function openIfThere(path: string): Promise<fs.FileHandle | null> {
  try {
    return await fs.open(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
