/** Edit distance of two words, for "did you mean"; two neighbours that changed places are one slip (Damerau). */
function distance(a: string, b: string): number {
  let [before, previous] = [[] as number[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = previous[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = swapped ? before[j - 2] + 1 : Number.POSITIVE_INFINITY;
      row.push(Math.min(change, swap, previous[j] + 1, row[j - 1] + 1));
    }
    [before, previous] = [previous, row];
  }
  return previous[b.length];
}

/** The known word nearest to `word`, when it is near enough to be a slip of the hand. */
export function nearestWord(word: string, known: readonly string[]): string | undefined {
  const wanted = word.slice(0, 64).toLowerCase();
  let best: string | undefined;
  let least = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of known) {
    const d = distance(wanted, candidate.slice(0, 64).toLowerCase());
    if (d < least) [best, least] = [candidate, d];
  }
  return best;
}

/** `did you mean "x"?`, or the first known words when none is near. */
export function suggestWord(word: string, known: readonly string[]): string {
  const near = nearestWord(word, known);
  if (near !== undefined) return `did you mean "${near}"?`;
  const shown = known.slice(0, 12).join(', ');
  return known.length === 0
    ? 'there is none'
    : `there is: ${shown}${known.length > 12 ? ` and ${known.length - 12} more` : ''}`;
}

/** Control characters, and those that turn the direction of the text around them. */
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

const escaped = (c: string) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`;

/** Lines of our own that may hold text from outside, made safe for a terminal; line ends and tabs stay, colours where asked. */
export function withoutControls(text: string, colours: boolean): string {
  const kept = colours ? /[\n\t]|\u001b\[[0-9;]*m/g : /[\n\t]/g;
  const controls = [...text.matchAll(kept)];
  return text
    .split(kept)
    .map((part, i) => part.replace(CONTROLS, escaped) + (controls[i]?.[0] ?? ''))
    .join('');
}

/** Format characters, fillers, variation selectors: what stands in a text and shows nothing. */
const UNSEEN = /[\p{Cf}\p{Default_Ignorable_Code_Point}]/u;

/** The first character of a text that cannot be seen, as `U+200B`; undefined when there is none. */
export function unseenCharacter(text: string): string | undefined {
  const found = UNSEEN.exec(text)?.[0].codePointAt(0);
  return found === undefined ? undefined : `U+${found.toString(16).toUpperCase().padStart(4, '0')}`;
}

/** Text from outside made safe for a terminal and for one line: control characters shown as \\xNN. */
export function printable(text: string, limit = 200): string {
  const safe = text.replace(CONTROLS, escaped);
  return safe.length > limit ? `${safe.slice(0, limit)}...` : safe;
}
