import { RiskopsError } from '../errors.js';
import { resolveHyper } from '../models/hyper.js';
import type { Hyper, HyperOption, HyperValue, Learner } from '../models/learner.js';
import { type Random, seededRandom } from '../util/random.js';

/** So often a trial that equals an earlier one is drawn anew before the search counts as exhausted. */
const DRAWS = 50;

/** A trial of a search, numbered from 0. */
export interface Sampled {
  trial: number;
  hyper: Hyper;
}

/** The options that a search may change: those with a range to look in, but for those that were given or are left out. */
export function searchedOptions(
  { options }: Learner,
  given: Readonly<Record<string, unknown>>,
  leftOut: string | null = null,
): HyperOption[] {
  return options.filter(
    ({ name, search }) => search !== undefined && !Object.hasOwn(given, name) && name !== leftOut,
  );
}

/** A value of an option's range, uniform or, where the range says so, uniform in its logarithm. */
function draw({ search, integer }: HyperOption, random: Random): HyperValue {
  const at = random();
  if (search === undefined) return null;
  if ('values' in search) return search.values[Math.floor(at * search.values.length)];
  const { low, high, log } = search;
  // Each whole number gets the same share, also the first and the last.
  const [from, to] = integer ? [log ? low : low - 0.5, log ? high + 1 : high + 0.5] : [low, high];
  const value = log ? from * (to / from) ** at : from + at * (to - from);
  if (!integer) return Math.min(high, Math.max(low, Number(value.toPrecision(6))));
  return Math.min(high, Math.max(low, log ? Math.floor(value) : Math.round(value)));
}

/**
 * The trials of a search, one after the other: first the learner's defaults with what was given, then draws from the options' ranges. A
 * trial depends on the seed, its number and the trials before it alone, so a search that is done again draws the same. It ends when a
 * new setting is not found any more.
 * @param leftOut an option that the search uses otherwise
 * @throws LEARNER_OPTION_INVALID for what was given; OPTION_INVALID when there is nothing to search
 */
export function sampleTrials(
  learner: Learner,
  given: Readonly<Record<string, unknown>>,
  seed: number,
  leftOut: string | null = null,
): Generator<Sampled, void> {
  const first = resolveHyper(learner, given);
  const searched = searchedOptions(learner, given, leftOut);
  if (searched.length === 0) throw nothingToSearch(learner, given);
  return drawTrials(first, searched, seed);
}

function* drawTrials(first: Hyper, searched: HyperOption[], seed: number): Generator<Sampled, void> {
  const seen = new Set([JSON.stringify(first)]);
  yield { trial: 0, hyper: first };
  for (let trial = 1; ; trial++) {
    const hyper = drawNew(first, searched, seededRandom(seed, trial), seen);
    if (hyper === undefined) return;
    yield { trial, hyper };
  }
}

function drawNew(
  first: Hyper,
  searched: HyperOption[],
  random: Random,
  seen: Set<string>,
): Hyper | undefined {
  for (let attempt = 0; attempt < DRAWS; attempt++) {
    const hyper = { ...first };
    for (const option of searched) hyper[option.name] = draw(option, random);
    const key = JSON.stringify(hyper);
    if (seen.has(key)) continue;
    seen.add(key);
    return hyper;
  }
  return undefined;
}

function nothingToSearch({ name, options }: Learner, given: Readonly<Record<string, unknown>>): RiskopsError {
  const searchable = options.filter(({ search }) => search !== undefined).map((option) => option.name);
  return new RiskopsError('OPTION_INVALID', {
    what: `The learner ${name} has nothing to tune.`,
    why:
      searchable.length === 0
        ? 'None of its options has a range to look in.'
        : `Its options ${searchable.join(', ')} were all given by --set.`,
    fix: searchable.length === 0 ? `riskops train --learner ${name}` : 'leave out a --set',
    details: { learner: name, given: Object.keys(given), searchable },
  });
}
