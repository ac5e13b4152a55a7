export function surelyBetween(values: readonly number[]): readonly [number, number] | null
export function buildSubreaper(
  folder: string,
): { readonly kind: 'ready'; readonly program: string } | { readonly kind: 'skipped'; readonly why: string }
export function endMeasuring(): Promise<void>
export function measure(
  subreaper: string,
  run: {
    readonly args: readonly string[]
    readonly env: NodeJS.ProcessEnv
    readonly cwd: string
    readonly afterMs?: number
    readonly limitMs?: number
  },
): Promise<{ readonly status: number }>
