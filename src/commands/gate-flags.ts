import { RiskopsError } from '../errors.js';
import type { Policy } from '../registry/policy.js';
import { printable } from '../util/text.js';

export const overrideOptions = [
  {
    flag: '--baseline <names>',
    description:
      'what to beat, for this call: current (the current model alone), all, or names of naive baselines with commas between',
  },
  {
    flag: '--min-gain <number>',
    description: 'the gain over the current model that must be proven, for this call',
  },
] as const;

function minGain(text: string): number {
  const value = /^(\d+\.?\d*|\.\d+)(e-?\d+)?$/i.test(text.trim()) ? Number(text) : Number.NaN;
  if (Number.isFinite(value)) return value;
  throw new RiskopsError('OPTION_INVALID', {
    what: `--min-gain must be a number from 0, and is "${printable(text, 80)}".`,
    fix: 'riskops gate --min-gain 0.005',
  });
}

/** The current model is always compared with; its name among the baselines stands for itself. */
function baselines(text: string): Policy['baselines'] {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'current');
  return names.includes('all') ? 'all' : names;
}

/** What the flags put in the policy's place for one judgement. */
export function policyOverrides(flags: Record<string, unknown>): Partial<Policy> {
  const [given, gain] = [flags['baseline'], flags['minGain']];
  return {
    ...(given === undefined ? {} : { baselines: baselines(String(given)) }),
    ...(gain === undefined ? {} : { minGain: minGain(String(gain)) }),
  };
}
