export interface Slope {
  readonly exponent: number
  readonly error: number
  readonly r2: number
}
export type Point = readonly [size: number, cost: number]
export function exponent(points: readonly Point[]): Slope
export function inWords(slope: Slope): string
export function draw(
  points: readonly Point[],
  about: { readonly title: string; readonly x: string; readonly y: string },
): string
