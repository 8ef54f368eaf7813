import { RiskopsError } from '../errors.js';
import { suggestWord } from '../util/text.js';
import { findDuplicates } from './leaks/duplicates.js';
import { findFittedOnAll } from './leaks/fitted-on-all.js';
import { findSharedIds } from './leaks/ids.js';
import type { Leak, LeakGuard } from './leaks/leak.js';
import { findTargetCopies } from './leaks/target-copy.js';
import { findTimeDisorder } from './leaks/time-order.js';
import type { PreparedData } from './prepare-data.js';

/** Every guard against a holdout that flatters, in the order in which they are looked at. A new one is a file in `leaks/` and a line here. */
const guards: Record<string, LeakGuard> = {
  duplicates: findDuplicates,
  ids: findSharedIds,
  'target-copy': findTargetCopies,
  'time-order': findTimeDisorder,
  'fitted-on-all': findFittedOnAll,
};

/** The names of guards that are overruled. @throws OPTION_INVALID for a name that is none */
export function parseAllowed(names: readonly string[]): string[] {
  const known = Object.keys(guards);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return [...names];
  throw new RiskopsError('OPTION_INVALID', {
    what: `--allow ${unknown}: there is no such leak guard.`,
    why: suggestWord(unknown, known),
    fix: `one of ${known.join(', ')}`,
  });
}

/** What would let a model look better on the held-out rows than it is, as far as the data shows it. */
function findLeaks(data: PreparedData): Leak[] {
  return Object.entries(guards).flatMap(([guard, find]) => find(data).map((found) => ({ guard, ...found })));
}

/**
 * Ends a training before it begins where the held-out rows could not judge it.
 * @throws LEAK_FOUND naming each leak; those that `allow` names are passed over
 */
export function refuseLeaks(data: PreparedData, { allow }: { allow: readonly string[] }): void {
  const leaks = findLeaks(data).filter(({ guard }) => !allow.includes(guard));
  if (leaks.length === 0) return;
  const [first, ...rest] = leaks;
  throw new RiskopsError('LEAK_FOUND', {
    what: first.what,
    why: [first.why, ...rest.map(({ what }) => `Also: ${what}`)].join(' '),
    fix: `${first.fix}; if it is right as it is, --allow ${[...new Set(leaks.map(({ guard }) => guard))].join(',')}`,
    details: { leaks },
  });
}
