import type { LearnedPair, LearnedRows } from './gate-evidence.js';
import { counted, type Reason, shown } from './gate-report.js';
import type { Policy } from './policy.js';

const unknownText = ({ version, why }: LearnedRows) =>
  `whether v${version} learned from the live rows themselves cannot be checked: ${why}`;

/**
 * On rows that a version learned by heart, a gain or a loss measures memory. The share that `maxTwins` allows is that of a holdout. What
 * the current version learned from can be unknown: its memory only speaks against the candidate.
 */
export function judgeLearned(policy: Policy, { candidate, current }: LearnedPair): Reason {
  const rule = 'twins';
  for (const one of [candidate, current]) {
    if (one.rows === null || one.rows <= policy.maxTwins * one.of) continue;
    const text = `${counted(one.rows)} of ${counted(one.of)} live rows stand, target and all, among the training rows of v${one.version} too, and ${shown(100 * policy.maxTwins)} % are allowed`;
    return { rule, passed: null, rows_needed: null, text };
  }
  if (candidate.rows === null) {
    const isOpen = !candidate.elsewhere && policy.maxTwins < 1;
    const found = isOpen ? { passed: null, rows_needed: null } : { passed: true };
    return { rule, ...found, text: unknownText(candidate) };
  }
  const text = `${counted(candidate.rows)} of ${counted(candidate.of)} live rows stand among the training rows of v${candidate.version}`;
  return { rule, passed: true, text };
}

/** What a reader should know of rows that nobody could check, and what does not change the verdict. */
export function learnedWarnings({ candidate, current }: LearnedPair): string[] {
  const isTold = (one: LearnedRows) => one.rows === null && (one === current || one.elsewhere);
  return [candidate, current].filter(isTold).map(unknownText);
}
