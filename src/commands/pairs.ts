import { basename } from 'node:path';
import { RiskopsError } from '../errors.js';
import { printable } from '../util/text.js';

/** `--param a=1 b=2`, or the flag once for each: the texts before and after the first `=`. @throws OPTION_INVALID */
export function pairsOf(flags: Record<string, unknown>, key: string): [string, string][] {
  return textsOf(flags, key).map((text) => {
    const at = text.indexOf('=');
    if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
    throw new RiskopsError('OPTION_INVALID', {
      what: `--${key} must be NAME=VALUE, and is "${printable(text, 80)}".`,
      fix: `--${key} name=value`,
    });
  });
}

/** The same as an object; a name that is given twice is refused, for one of the two would be lost. */
export function recordOf(flags: Record<string, unknown>, key: string): Record<string, string> {
  const pairs = pairsOf(flags, key);
  refuseTwice(
    key,
    pairs.map(([name]) => name),
  );
  return Object.fromEntries(pairs);
}

/** `--artifact model.txt plots/roc.svg=out/roc.svg`: the path to keep it under, and the file. */
export function artifactsOf(flags: Record<string, unknown>): { path: string; file: string }[] {
  const artifacts = textsOf(flags, 'artifact').map((text) => {
    const at = text.indexOf('=');
    return at > 0
      ? { path: text.slice(0, at), file: text.slice(at + 1) }
      : { path: basename(text), file: text };
  });
  refuseTwice(
    'artifact',
    artifacts.map(({ path }) => path),
  );
  return artifacts;
}

const textsOf = (flags: Record<string, unknown>, key: string) => (flags[key] as string[] | undefined) ?? [];

function refuseTwice(key: string, names: string[]): void {
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice === undefined) return;
  throw new RiskopsError('OPTION_INVALID', {
    what: `--${key} names "${printable(twice, 80)}" twice.`,
    why: 'One of the two would be lost.',
    fix:
      key === 'artifact'
        ? '--artifact path=FILE, with a path for each'
        : `--${key} ${printable(twice, 80)}=VALUE once`,
  });
}
