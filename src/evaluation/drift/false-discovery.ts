/**
 * p-values adjusted as Benjamini and Hochberg (1995) do it: of the tests whose adjusted value is at most q, a share of q is expected to be
 * false alarms, and where nothing moved at all, an alarm of any kind is that rare.
 */
export function adjustPValues(pValues: readonly number[]): number[] {
  const order = pValues.map((_, i) => i).sort((a, b) => pValues[b] - pValues[a]);
  const adjusted = new Array<number>(pValues.length);
  let least = 1;
  for (const [place, i] of order.entries()) {
    const rank = pValues.length - place;
    least = Math.min(least, (pValues[i] * pValues.length) / rank);
    adjusted[i] = least;
  }
  return adjusted;
}
