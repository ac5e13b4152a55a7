export function makeWorld(): {
  readonly folder: string
  readonly packages: string
  readonly homes: string
  readonly leave: () => Promise<void>
}
