import { type ArchiveLimits, defaultLimits } from '../pipeline/archive/manifest.js';
import { wholeNumber } from './flags.js';

export const limitOptions = [
  {
    flag: '--max-bytes <number>',
    description: `the most that an archive may hold; ${defaultLimits.bytes} when not given`,
  },
  {
    flag: '--max-ratio <number>',
    description: `how many times its size it may unpack to; ${defaultLimits.ratio} when not given`,
  },
];

/** How large an archive may be, by the flags. @throws OPTION_INVALID */
export function archiveLimits(flags: Record<string, unknown>): ArchiveLimits {
  return {
    bytes: wholeNumber(flags, 'maxBytes', { min: 1, otherwise: defaultLimits.bytes }),
    ratio: wholeNumber(flags, 'maxRatio', { min: 1, otherwise: defaultLimits.ratio }),
  };
}
