export function surelyBetween(values: readonly number[]): readonly [number, number] | null
