import { passes } from './check.ts'
import { OBSERVED_CHECKS, type ObservedValues } from './observed-shapes.ts'
import { fits, type ShapeName, type ShapeValues } from './shapes.ts'

/** Whether a value may leave under this shape, of whatever event. Never throws. */
export function fitsAny<S extends ShapeName>(shape: S, value: unknown): value is ShapeValues[S] {
  return isObserved(shape) ? passes(OBSERVED_CHECKS[shape], value) : fits(shape, value)
}

function isObserved(shape: ShapeName): shape is keyof ObservedValues {
  return Object.hasOwn(OBSERVED_CHECKS, shape)
}
