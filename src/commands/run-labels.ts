import { RiskopsError } from '../errors.js';
import type { StartRunOptions } from '../tracking/run-options.js';
import { printable } from '../util/text.js';
import type { CommandOption } from './command.js';

/** The options by which a run is found again. */
export const labelOptions: readonly CommandOption[] = [
  { flag: '--name <text>', description: 'what the run is called; several may have one name' },
  { flag: '--group <name>', description: 'runs that belong together, such as one search over seeds' },
  { flag: '--parent <run>', description: 'the run that this one is a part of' },
  { flag: '--note <text>', description: 'a remark, kept with the run' },
  { flag: '--tag <name=value...>', description: 'tags of the run; may be given several times' },
];

/** What the label options say. @throws USAGE for a tag that is no pair */
export function runLabels(
  flags: Record<string, unknown>,
): Pick<StartRunOptions, 'name' | 'group' | 'parent' | 'note' | 'tags'> {
  const text = (key: string) => flags[key] as string | undefined;
  const pairs = (flags['tag'] as string[] | undefined) ?? [];
  const tags = Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)];
      throw new RiskopsError('USAGE', {
        what: `--tag ${printable(pair, 60)}: it must be name=value.`,
        fix: 'riskops train --tag data=2026Q1',
      });
    }),
  );
  return {
    name: text('name'),
    group: text('group'),
    parent: text('parent'),
    note: text('note'),
    ...(pairs.length > 0 ? { tags } : {}),
  };
}
