import type { Trace } from '../monitoring/trace.js';
import { tracePrediction } from '../monitoring/trace.js';
import { printable } from '../util/text.js';
import { paintStdout } from './colours.js';
import type { Command } from './command.js';
import { withStore } from './project-store.js';

export const command: Command = {
  args: '<prediction-id>',
  options: [
    {
      flag: '--replay',
      description: 'predict the logged inputs again with the version that answered, and compare bit for bit',
    },
  ],
  details:
    'Follows an answer of the server back: to the version that gave it, its run, data and commit, the promotion by which it was current then, and the report of the gate; and on to what really came, and to what other versions answered to the same row. What is gone is named.\nExit code: 0; with --replay also 1 when the prediction differs or cannot be computed again.',
  examples: [
    'riskops trace 01981f6e-7a3b-7c11-9d5e-0123456789ab',
    'riskops trace 01981f6e-7a3b-7c11-9d5e-0123456789ab --replay --json',
  ],
  async run({ args, flags, project, output }) {
    return withStore(project, 'read', async (store) => {
      const replay = flags['replay'] === true;
      const entity = (model: string) => project.get<string[]>('entity', {}, model);
      const trace = await tracePrediction(store, args[0], { root: project.root, replay, entity });
      output.result(trace, () => describe(trace));
      return trace.replay === null || trace.replay.result === 'identical' ? undefined : 1;
    });
  },
};

const INPUTS_SHOWN = 600;

function describe({ prediction, version, run, data, code, promotion, gate, ...rest }: Trace): string[] {
  const { id, at, model, version: number, inputs, inputs_sha256 } = prediction;
  const lines: [string, string | null][] = [
    ['prediction', `${id}, ${at}, request ${prediction.request_id}`],
    ['answer', `${prediction.prediction}${prediction.class === null ? '' : `, class ${prediction.class}`}`],
    ['', prediction.probabilities ? JSON.stringify(prediction.probabilities) : null],
    ['inputs', JSON.stringify(inputs)],
    ['', `SHA-256 ${inputs_sha256}`],
    [
      'version',
      `${model} version ${number}${version === null ? '' : `, ${version.learner}${trashed(version)}`}`,
    ],
    ['', version && `${version.path}, ${stateText(version.file)}, SHA-256 ${version.sha256}`],
    ['run', run && `${run.run_id}, ${run.status}, ${run.created_at}${trashed(run)}`],
    ['data', data && `${data.path}, ${stateText(data.file)}, SHA-256 ${data.sha256}`],
    ['code', code && codeText(code)],
    ['promotion', promotion && promotionText(promotion)],
    ['', promotion && `reason: ${promotion.reason}`],
    [
      'gate',
      gate && `${gate.report['verdict']}, by ${gate.report['metric']}: ${gate.path}, SHA-256 ${gate.sha256}`,
    ],
    ['outcome', rest.outcome && outcomeText(rest.outcome)],
    ...rest.told.map((one): [string, string] => ['', toldText(one)]),
    ...rest.shadows.map((one): [string, string] => ['shadow', shadowText(one)]),
    ...rest.notes.map((note): [string, string] => ['note', note]),
    ...rest.missing.map((text): [string, string] => ['missing', text]),
  ];
  const shown = lines.flatMap(([key, text]) =>
    text === null ? [] : [`${key.padEnd(11)} ${printable(text, INPUTS_SHOWN)}`],
  );
  return [...shown, ...replayLines(rest.replay)];
}

const trashed = ({ deleted_at }: { deleted_at: string | null }) =>
  deleted_at === null ? '' : `, in the trash since ${deleted_at}`;

const stateText = (state: 'whole' | 'changed' | 'gone') =>
  ({ whole: 'as recorded', changed: 'CHANGED since', gone: 'GONE' })[state];

function codeText({ commit, branch, dirty }: NonNullable<Trace['code']>): string {
  if (commit === null) return 'not in a repository';
  return `commit ${commit}${branch === null ? '' : ` on ${branch}`}${dirty ? ', with uncommitted changes' : ''}`;
}

function promotionText({
  action,
  actor,
  promoted_at,
  verdict,
  promotion_id,
}: NonNullable<Trace['promotion']>) {
  return `${action} by ${actor}, ${promoted_at}${verdict === null ? '' : `, verdict ${verdict}`} (${promotion_id})`;
}

function outcomeText({ value, observed_at, by, delay_ms }: NonNullable<Trace['outcome']>): string {
  const hours = (delay_ms / 3_600_000).toFixed(1);
  const told = by === 'entity' ? ', told of the thing that it is about' : '';
  return `${JSON.stringify(value)}, seen ${observed_at}, ${hours} h after${told}`;
}

function toldText({ value, received_at, actor, counts }: Trace['told'][number]): string {
  return `told ${received_at} by ${actor}: ${JSON.stringify(value)}${counts ? '' : ', corrected since'}`;
}

function shadowText({ id, version, prediction, class: called }: Trace['shadows'][number]): string {
  return `version ${version}: ${prediction}${called === null ? '' : `, class ${called}`} (${id})`;
}

function replayLines(replay: Trace['replay']): string[] {
  if (replay === null) return [];
  const { result, logged, recomputed, why } = replay;
  if (result === 'identical')
    return ['', `${paintStdout.green.bold('IDENTICAL')}: predicted again, ${recomputed}`];
  const verdict = paintStdout.red.bold(result === 'differs' ? 'DIFFERS' : 'NOT REPLAYED');
  const values = recomputed === null ? '' : `: logged ${logged}, predicted again ${recomputed}`;
  return ['', `${verdict}${values}: ${printable(why ?? '', INPUTS_SHOWN)}`];
}
