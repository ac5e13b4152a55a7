export interface Endpoint {
  readonly url: string
  become(mode: 'fast' | 'slow' | 'silent' | 'black hole' | 'down' | number): Promise<void>
  take(): readonly { readonly id: string | symbol; readonly atNs: bigint }[]
  close(): Promise<void>
}
export function startEndpoint(): Promise<Endpoint>
