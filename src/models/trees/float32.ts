/** The greatest float32 below a float32. */
export function floatBelow(value: number): number {
  const single = new Float32Array([value]);
  const bits = new Int32Array(single.buffer);
  if (single[0] === 0) bits[0] = 0x80000001 | 0;
  else bits[0] += single[0] > 0 ? -1 : 1;
  return single[0];
}

/** The greatest float32 that is not above the value: a float32 is <= the one exactly when it is <= the other. */
export function floatFloor(value: number): number {
  const nearest = Math.fround(value);
  return nearest > value ? floatBelow(nearest) : nearest;
}
