import { RiskopsError } from '../errors.js';
import { findVersion } from '../registry/versions.js';
import type { TrialOptions, TrialVersion } from '../serving/trials/trial-version.js';
import { printable } from '../util/text.js';
import type { CommandContext, CommandOption } from './command.js';
import { chosenModel, withStore } from './project-store.js';

type Given = Pick<CommandContext, 'project' | 'flags'>;

/** The options of `riskops serve` for versions beside the promoted one. */
export const trialFlags: readonly CommandOption[] = [
  {
    flag: '--shadow <version>',
    description:
      'a version that answers for the log alone: its number, an alias or latest; model:version of another model',
    setting: 'shadow',
  },
  {
    flag: '--canary <version=share>',
    description: 'a version that answers a share of the requests, as 4=5%',
    setting: 'canary',
  },
];

/** `credit:4` names a model too. */
function splitName(text: string): { model: string | undefined; version: string } {
  const at = text.lastIndexOf(':');
  return at < 0
    ? { model: undefined, version: text }
    : { model: text.slice(0, at), version: text.slice(at + 1) };
}

/** The version that is on record under these words; why there is none is told by the server, which goes on without it. */
async function trialVersion(
  { project, flags, kind, tell }: Given & { kind: 'shadow' | 'canary'; tell(line: string): void },
  asked: string,
): Promise<TrialVersion> {
  const { model: named, version } = splitName(asked);
  try {
    return await withStore(project, 'read', async (store) => {
      const model = named ?? (await chosenModel(store, project, flags));
      const found = await findVersion(store, model, version === 'latest' ? {} : { version });
      const { run_id, path, sha256, stage } = found;
      if (stage === 'current')
        tell(
          `The ${kind}, version ${found.version} of model "${found.model}", is the current version: while it is, there is nothing to compare, and the ${kind} gets no row.`,
        );
      return { model: found.model, entry: { version: found.version, run_id, path, sha256 } };
    });
  } catch (error) {
    if (!(error instanceof RiskopsError)) throw error;
    return { failure: `${error.message} ${error.why ?? ''}`.trim().replace(/\.$/, '') };
  }
}

const SHARE = /^(.+)=(\d{1,3}(?:\.\d+)?) ?%$/;

/** @throws RiskopsError OPTION_INVALID */
function readCanary(text: string): { version: string; share: number } {
  const [, version, percent] = SHARE.exec(text.trim()) ?? [];
  const share = Number(percent) / 100;
  if (version !== undefined && share > 0 && share < 1) return { version: version.trim(), share };
  throw new RiskopsError('OPTION_INVALID', {
    what: `--canary is "${printable(text, 80)}", which is no version with its share of the requests.`,
    why: 'The share is a percentage above 0 and below 100.',
    fix: 'riskops serve --canary 4=5%',
  });
}

/**
 * The versions that a server tries beside the promoted ones, as they are at its start.
 * @param tell told, in one line, that a version would be compared with itself
 * @throws RiskopsError OPTION_INVALID for a canary without a share
 */
export async function trialVersions(given: Given, tell: (line: string) => void): Promise<TrialOptions> {
  const { project, flags } = given;
  const shadow = project.get<string | null>('shadow', flags);
  const text = project.get<string | null>('canary', flags);
  const canary = text === null ? null : readCanary(text);
  const versionOf = (kind: 'shadow' | 'canary', asked: string) =>
    trialVersion({ ...given, kind, tell }, asked);
  return {
    shadow: shadow === null ? null : await versionOf('shadow', shadow.trim()),
    canary: canary && { version: await versionOf('canary', canary.version), share: canary.share },
  };
}
