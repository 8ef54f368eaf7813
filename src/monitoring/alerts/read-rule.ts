import { suggestWord } from '../../util/text.js';
import type { Bound, Rule } from './alerts-config.js';
import type { WrittenRule } from './rule-shapes.js';

interface Surroundings {
  channels: string[];
  timeZone: string;
}

function boundOf({ above, below }: { above?: number; below?: number }): Bound {
  if ((above === undefined) === (below === undefined))
    throw new Error('needs exactly one of "above" and "below"');
  return { above: above ?? null, below: below ?? null };
}

/** `channels: ['a']` of a rule; all of them when it names none. */
function channelsOf(key: string, names: readonly string[], known: readonly string[]): string[] {
  for (const name of names)
    if (!known.includes(name))
      throw new Error(`.${key} has "${name}", which is no channel; ${suggestWord(name, known)}`);
  return [...new Set(names)];
}

function baseOf(written: WrittenRule, { channels, timeZone }: Surroundings) {
  const { escalateAfter = null, escalateTo = [], hours } = written;
  if ((escalateAfter === null) !== (escalateTo.length === 0))
    throw new Error('needs both of "escalateAfter" and "escalateTo", or neither');
  if (written.repeatAfter === 0) throw new Error('.repeatAfter is longer than nothing, or "never"');
  return {
    name: written.name,
    severity: written.severity,
    channels: channelsOf('channels', written.channels ?? channels, channels),
    hours: hours === undefined ? null : { zone: written.timeZone ?? timeZone, ranges: hours },
    for: written.for,
    repeatAfter: written.repeatAfter,
    escalateAfter,
    escalateTo: channelsOf('escalateTo', escalateTo, channels),
    tellResolved: written.tellResolved,
  };
}

/** A rule as it is used; an Error that ends the sentence which begins with its place. */
export function readRule(written: WrittenRule, surroundings: Surroundings): Rule {
  const base = baseOf(written, surroundings);
  const { since } = written;
  switch (written.kind) {
    case 'metric': {
      const { kind, metric, least, by = null, model = null } = written;
      return { ...base, kind, model, since, metric, least, by, ...boundOf(written) };
    }
    case 'drift':
      return {
        ...base,
        kind: written.kind,
        model: written.model ?? null,
        since,
        leastEffect: written.leastEffect ?? null,
      };
    case 'score': {
      const { kind, count, share, least, model = null } = written;
      if ((count === undefined) === (share === undefined))
        throw new Error('needs exactly one of "count" and "share"');
      return {
        ...base,
        kind,
        model,
        since,
        least,
        count: count ?? null,
        share: share ?? null,
        ...boundOf(written),
      };
    }
    case 'no-data':
      return { ...base, kind: written.kind, model: written.model ?? null, since, of: written.of };
    case 'error-rate':
      return { ...base, kind: written.kind, since, above: written.above, least: written.least };
    case 'latency': {
      const { kind, above, quantile, least } = written;
      return { ...base, kind, since, above, quantile, least };
    }
  }
}
