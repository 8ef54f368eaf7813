import { RiskopsError } from '../../errors.js';
import { printable } from '../../util/text.js';

/** CHECKS_INVALID with the place in the rule: what is wrong, and where it stands, counted from 1. */
export function ruleError(rule: string, at: number, problem: string): RiskopsError {
  const position = at + 1;
  return new RiskopsError('CHECKS_INVALID', {
    what: `The check \`${printable(rule, 120)}\` is no rule: ${problem}, at character ${position}.`,
    why:
      at >= rule.length ? 'The rule ends there.' : `There stands: ${printable(rule.slice(at, at + 20), 80)}`,
    details: { rule, position },
  });
}
