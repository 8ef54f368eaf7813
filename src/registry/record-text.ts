import { RiskopsError } from '../errors.js';
import { printable } from '../util/text.js';

const MAX_ACTOR = 200;
const MAX_REASON = 2000;

/** Text for a record: its UTF-8 and back, since half a surrogate pair would not come back as it was hashed. */
function recordText(name: string, text: string, limit: number): string {
  const kept = Buffer.from(text.trim(), 'utf8').toString('utf8');
  if (kept.length <= limit) return kept;
  throw new RiskopsError('VALUE_TOO_LONG', {
    what: `The ${name} has ${kept.length} characters; it may have ${limit}.`,
    fix: 'say it shorter, and put the rest into an artifact or a ticket',
  });
}

/**
 * Who did it, as it is kept.
 * @throws RiskopsError OPTION_INVALID when it is empty or has characters that cannot be seen, VALUE_TOO_LONG
 */
export function actorText(actor: string): string {
  const name = actor.trim().replaceAll(/\s+/gu, ' ');
  // What cannot be seen would make two people of one, or one of two.
  if (/[\p{Cc}\p{Cf}\p{Co}\p{Cn}]/u.test(name))
    throw new RiskopsError('OPTION_INVALID', {
      what: `"${printable(name, 80)}" cannot be an actor.`,
      why: 'It has a character that cannot be seen.',
      fix: 'set RISKOPS_ACTOR, or "actor" in riskops.config, to a name of letters that show',
    });
  if (name !== '') return recordText('actor', name, MAX_ACTOR);
  throw new RiskopsError('OPTION_INVALID', {
    what: 'This needs an actor.',
    why: 'The history says who did it.',
    fix: 'set RISKOPS_ACTOR, or "actor" in riskops.config',
  });
}

/**
 * Why, as it is kept.
 * @throws RiskopsError VALUE_TOO_LONG
 */
export function reasonText(reason: string): string {
  return recordText('reason', reason, MAX_REASON);
}
