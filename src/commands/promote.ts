import { RiskopsError } from '../errors.js';
import { judgeVersion } from '../pipeline/judge.js';
import { promoteCandidate } from '../pipeline/promote-candidate.js';
import { promotionInForce } from '../registry/history.js';
import type { Command } from './command.js';
import { candidateOptions, chosenVersion, exitCodeOf } from './gate.js';
import { warnOfBrokenHistory } from './history-warning.js';
import { EVIDENCE_SINCE, judgeByShadow } from './judge-shadow.js';
import { chosenModel, withStore } from './project-store.js';
import { SERVED_HINT } from './served-hint.js';
import { describeVerdict } from './verdict.js';

export const command: Command = {
  options: [
    ...candidateOptions,
    {
      flag: '--evidence <kind>',
      description:
        'what it is judged on: its holdout, or shadow, the live rows that it answered as a shadow and whose outcome is known',
      choices: ['holdout', 'shadow'],
    },
    {
      flag: '--since <time>',
      description: `with --evidence shadow: how far back, as ${EVIDENCE_SINCE}, or from when`,
    },
    { flag: '--reason <text>', description: 'why, for the history' },
    { flag: '--force', description: 'promote against the verdict; needs --reason, and the history says so' },
  ],
  details:
    'Judges the candidate as riskops gate does, and makes it current when the verdict is promote. A server that runs answers with it from the next request on. Where the policy asks for approvals, those count that others gave with riskops approve; --force does not stand in for them. With --evidence shadow it is judged on live rows, which riskops serve --shadow made; rows that either version learned from prove nothing.\nExit code: 0 promoted or current already, 1 rejected or approvals missing, 3 undecided.',
  examples: [
    'riskops promote --latest',
    'riskops promote --version 3 --reason "quarterly refresh"',
    'riskops promote --version 3 --evidence shadow --since 14d',
  ],
  async run({ flags, project, output }) {
    if (!flags['latest'] && !flags['run'] && !flags['version']) {
      throw new RiskopsError('USAGE', {
        what: 'Which candidate is to be promoted?',
        why: 'Neither --latest, --run nor --version was given.',
        fix: 'riskops promote --latest',
      });
    }
    const reason = flags['reason'] as string | undefined;
    if (flags['force'] && !reason?.trim()) {
      throw new RiskopsError('USAGE', {
        what: '--force needs --reason.',
        why: 'The history must say why the verdict was overruled.',
        fix: 'riskops promote --latest --force --reason "..."',
      });
    }
    const isByShadow = evidenceOf(flags) === 'shadow';
    return withStore(project, 'write', async (store) => {
      const model = await chosenModel(store, project, flags);
      const version = await chosenVersion(store, model, flags);
      await warnOfBrokenHistory(store, output);
      if (version.stage === 'current') {
        const promotion = { ...(await promotionInForce(store, model)), changed: false };
        output.result({ promoted: true, forced: false, promotion, gate: null }, () => [
          `${model} version ${version.version} is current already. Nothing was judged or changed.`,
        ]);
        return undefined;
      }
      output.progress(`judging ${model} version ${version.version}`);
      const judged = isByShadow
        ? await judgeByShadow(store, project, version, flags['since'] as string | undefined)
        : await judgeVersion(store, version, { root: project.root, policy: project.policyOf(model) });
      const { verdict } = judged.report;
      const forced = verdict !== 'promote' && flags['force'] === true;
      if (verdict !== 'promote' && !forced) {
        output.result({ promoted: false, gate: judged.report }, () => [
          ...describeVerdict(judged.report),
          '',
          `Not promoted: ${model} version ${version.version}.`,
        ]);
        return exitCodeOf(verdict);
      }
      const promotion = await promoteCandidate(store, {
        judged,
        actor: project.actor,
        reason: reason ?? 'the gate said promote',
      });
      output.result({ promoted: true, forced, promotion, gate: judged.report }, () => [
        ...describeVerdict(judged.report),
        '',
        promotion.changed
          ? `${model} version ${version.version} is current${forced ? ', by force' : ''}. ${SERVED_HINT}`
          : `${model} version ${version.version} was made current by somebody else meanwhile.`,
      ]);
      return undefined;
    });
  },
};

/** @throws RiskopsError OPTION_INVALID, USAGE */
function evidenceOf({ evidence = 'holdout', since }: Record<string, unknown>): 'holdout' | 'shadow' {
  if (evidence !== 'holdout' && evidence !== 'shadow') {
    throw new RiskopsError('OPTION_INVALID', {
      what: `--evidence is ${JSON.stringify(evidence)}.`,
      why: 'It is holdout or shadow.',
      fix: 'riskops promote --latest --evidence shadow',
    });
  }
  if (evidence === 'shadow' || since === undefined) return evidence;
  throw new RiskopsError('USAGE', {
    what: '--since needs --evidence shadow.',
    why: 'A holdout is judged as a whole.',
    fix: 'riskops promote --latest --evidence shadow --since 7d',
  });
}
