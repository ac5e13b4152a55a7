export function addCompiledPackage(world: {
  readonly folder: string
  readonly packages: string
  readonly homes: string
}): void
