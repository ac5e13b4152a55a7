/** Tells a child whether somebody stands outside with a clock: `timeout`, or the parent that waits for it. */
export const BOX_VARIABLE = 'AFTERWORD_BOX'
