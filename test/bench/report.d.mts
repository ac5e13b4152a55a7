export interface Row {
  readonly what: string
  readonly budget?: string
  readonly limit?: number
  readonly figure: number
  readonly unit?: string
  readonly atLeast?: boolean
  readonly note?: string
  readonly floor?: string
  readonly sure?: readonly [number, number] | null
  readonly quarters?: readonly [number, number]
  readonly rounds?: number
}
export interface Report {
  readonly lines: readonly string[]
  readonly counts: { readonly met: number; readonly notMet: number; readonly skipped: number }
  readonly missed: readonly string[]
  heading(name: string): void
  row(row: Row): void
  skip(what: string, why: string): void
  table(title: string, heads: readonly string[], rows: readonly (readonly (string | number)[])[]): void
  curve(
    points: readonly (readonly [number, number])[],
    about: { readonly title: string; readonly x: string; readonly y: string },
  ): void
  endBench(): void
}
export function createReport(
  out?: { readonly isTTY?: boolean; write(text: string): unknown },
  print?: (line: string) => void,
): Report
