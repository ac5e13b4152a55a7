/**
 * The five Win32 functions that windows-job.ts needs, through what can call them: `node:ffi` (Node 26.1 and later; 1 ms), else a
 * koffi that the host application has anyway (15 to 75 ms; an optional peer, never installed for us). 64-bit only.
 */

/** A HANDLE as a number; kernel handles are small, and -1 is "this process". */
export type Handle = bigint

export interface WindowsCalls {
  /** Whether the process is in any job; null when the question failed. */
  isInJob(process: Handle): boolean | null
  /** Handles are not inherited. The command line's bytes may be written to. */
  createProcess(how: CreateProcess): { readonly error: number; readonly created: Created | null }
  closeHandle(handle: Handle): void
}

export interface CreateProcess {
  /** NUL-terminated UTF-16, as are the other Buffers. */
  readonly application: Buffer
  readonly commandLine: Buffer
  readonly environment: Buffer
  readonly directory: Buffer
  readonly flags: number
}

export interface Created {
  readonly process: Handle
  readonly thread: Handle
  readonly pid: number
}

export const THIS_PROCESS: Handle = -1n

/** Foreign types in the words of both layers. Every pointer we pass is a Buffer or null. */
type ForeignType = 'int32' | 'uint32' | 'int64' | 'pointer'
type Foreign = (...values: readonly (number | bigint | Buffer | null)[]) => number | bigint
type Declare = (name: string, result: ForeignType, parameters: readonly ForeignType[]) => Foreign

/** Null: nothing here can call them. Never throws. */
export function loadWindowsCalls(): WindowsCalls | null {
  if (process.arch !== 'x64' && process.arch !== 'arm64') return null // STARTUPINFOW below is laid out for 8-byte pointers
  for (const load of [throughNode, throughKoffi]) {
    try {
      const declare = load()
      if (declare !== null) return bind(declare)
    } catch {
      // not there, denied by --permission, built for something else: the next one
    }
  }
  return null
}

const STARTUPINFO_BYTES = 104
const STARTF_USESHOWWINDOW = 1
const PROCESS_INFORMATION_BYTES = 24

function bind(declare: Declare): WindowsCalls {
  const isProcessInJob = declare('IsProcessInJob', 'int32', ['int64', 'pointer', 'pointer'])
  const fourPointers = ['pointer', 'pointer', 'pointer', 'pointer'] as const
  const createProcessW = declare('CreateProcessW', 'int32', [...fourPointers, 'int32', 'uint32', ...fourPointers])
  const getLastError = declare('GetLastError', 'uint32', [])
  const closeHandle = declare('CloseHandle', 'int32', ['int64'])
  return {
    isInJob(handle) {
      const answer = Buffer.alloc(4)
      return Number(isProcessInJob(handle, null, answer)) === 0 ? null : answer.readInt32LE() !== 0
    },
    createProcess({ application, commandLine, environment, directory, flags }) {
      const startup = Buffer.alloc(STARTUPINFO_BYTES)
      startup.writeUInt32LE(STARTUPINFO_BYTES, 0)
      startup.writeUInt32LE(STARTF_USESHOWWINDOW, 60) // wShowWindow stays 0: SW_HIDE
      const made = Buffer.alloc(PROCESS_INFORMATION_BYTES)
      // The 0 is bInheritHandles: otherwise every inheritable handle of our parent would be held until the reporter ends.
      const ok = createProcessW(application, commandLine, null, null, 0, flags, environment, directory, startup, made)
      if (Number(ok) === 0) return { error: Number(getLastError()) || -1, created: null }
      const created = { process: made.readBigInt64LE(0), thread: made.readBigInt64LE(8), pid: made.readUInt32LE(16) }
      return { error: 0, created }
    },
    closeHandle: (handle) => void closeHandle(handle),
  }
}

interface NodeFfi {
  dlopen(
    path: string,
    definitions: Record<string, { return: ForeignType; arguments: readonly ForeignType[] }>,
  ): { readonly functions: Readonly<Record<string, Foreign>> }
}

function throughNode(): Declare | null {
  const ffi = quietly(() => process.getBuiltinModule('node:ffi') as NodeFfi | undefined)
  if (ffi === undefined) return null
  return (name, result, parameters) => {
    const { functions } = ffi.dlopen('kernel32.dll', { [name]: { return: result, arguments: parameters } })
    return functions[name] as Foreign
  }
}

/** It says that it is experimental, on stderr: a guest does not. */
function quietly<T>(load: () => T): T {
  const before = Object.getOwnPropertyDescriptor(process, 'emitWarning')
  Object.defineProperty(process, 'emitWarning', { ...before, value: () => undefined })
  try {
    return load()
  } finally {
    if (before !== undefined) Object.defineProperty(process, 'emitWarning', before)
  }
}

interface Koffi {
  load(path: string): { func(name: string, result: string, parameters: readonly string[]): Foreign }
}

const KOFFI_TYPES: Readonly<Record<ForeignType, string>> = {
  int32: 'int32_t',
  uint32: 'uint32_t',
  int64: 'int64_t',
  pointer: 'void *',
}

/** Only from the host's own packages, as its main module would find it. */
function throughKoffi(): Declare | null {
  const main = process.argv[1]
  if (main === undefined) return null
  const require = process.getBuiltinModule('node:module').createRequire(main)
  const library = (require('koffi') as Koffi).load('kernel32.dll')
  return (name, result, parameters) =>
    library.func(
      name,
      KOFFI_TYPES[result],
      parameters.map((type) => KOFFI_TYPES[type]),
    )
}
