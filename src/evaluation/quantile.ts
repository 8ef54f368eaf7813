/** The quantile of sorted values, linear between neighbours (type 7 of Hyndman & Fan 1996). */
export function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const rest = place - below;
  return rest === 0 ? sorted[below] : sorted[below] + rest * (sorted[below + 1] - sorted[below]);
}
