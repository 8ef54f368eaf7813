import { RiskopsError } from '../errors.js';
import { printable, suggestWord } from '../util/text.js';
import type { Pointer } from './pointer-file.js';
import type { RetiredEntry } from './retired-entry.js';

function retiredText({ version, actor, retired_at, reason }: RetiredEntry): string {
  return `Version ${version} was retired by ${printable(actor)} at ${retired_at}: ${printable(reason, 400)}`;
}

function retiredModel(name: string, entry: RetiredEntry): RiskopsError {
  const { version, actor, retired_at, reason } = entry;
  return new RiskopsError('NO_CURRENT_MODEL', {
    what: `No version of the model "${printable(name, 80)}" is current.`,
    why: retiredText(entry),
    fix: `riskops rollback --model ${name}`,
    details: { model: name, retired: { version, actor, retired_at, reason } },
  });
}

/**
 * Why a model has no current version, in words: it was retired, was never promoted, or has another name.
 * @param pointer what `current.json` says; null when there is none
 * @param name the model that was asked for; undefined when none was named
 */
export function noCurrentModel(pointer: Pointer | null, name?: string): RiskopsError {
  const known = Object.keys(pointer?.models ?? {});
  const retired: Record<string, RetiredEntry> = pointer?.retired ?? {};
  const gone = Object.keys(retired);
  const meant = name ?? (known.length === 0 && gone.length === 1 ? gone[0] : undefined);
  if (meant !== undefined && Object.hasOwn(retired, meant)) return retiredModel(meant, retired[meant]);
  const details = known.length > 0 ? { details: { known } } : {};
  if (name !== undefined && known.length > 0)
    return new RiskopsError('NO_CURRENT_MODEL', {
      what: `No version of a model "${printable(name, 80)}" is promoted.`,
      why: suggestWord(name, known),
      // A promotion would make a version of another model current.
      fix: 'riskops models list',
      ...details,
    });
  const whom = gone.slice(0, 12).map((one) => printable(one, 80));
  return new RiskopsError('NO_CURRENT_MODEL', {
    what:
      name === undefined ? 'No model is promoted yet.' : `No version of ${printable(name, 80)} is current.`,
    why: gone.length > 0 ? `Retired: ${whom.join(', ')}.` : undefined,
    ...details,
  });
}
