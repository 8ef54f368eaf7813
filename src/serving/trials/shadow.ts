import { join } from 'node:path';
import { ShadowThread } from '../../monitoring/shadow-thread.js';
import type { PredictHooks } from '../context.js';
import type { ServedModel } from '../served-model.js';
import {
  failedTrial,
  failingHelp,
  type Trial,
  type TrialContext,
  type TrialVersion,
} from './trial-version.js';

export interface Shadow extends Trial {
  observe: PredictHooks['observe'];
}

/**
 * A version that answers what the promoted one answers, in a thread of its own; its answers go to the log, and to nobody else. While it is
 * promoted itself, or answers as the canary, there is nothing to compare.
 */
export function openShadow(asked: TrialVersion, context: TrialContext): Shadow {
  const { artifacts, tell, logMode, database, redact } = context;
  if ('failure' in asked) return { ...failedTrial('shadow', asked.failure), observe: null };
  if (logMode === 'off') {
    const why = 'the prediction log is off, and its answers would be kept nowhere';
    return { ...failedTrial('shadow', why), observe: null };
  }
  const { model: name, entry } = asked;
  const thread = new ShadowThread({
    ...{ model: name, version: entry.version, database, redact },
    file: join(artifacts, ...entry.path.split('/')),
    sha256: entry.sha256,
    onTrouble: (failure) =>
      tell(
        failure === null
          ? `The shadow, version ${entry.version} of model "${name}", answers.`
          : `The shadow, version ${entry.version} of model "${name}", does not answer: ${failure}.`,
      ),
  });
  let known: { model: ServedModel; features: readonly string[] } | undefined;
  // In the way of every answer: no object is made that is not needed.
  const observe: Shadow['observe'] = ({ model, rows, answers, requestId }) => {
    if (model.name !== name || model.entry.version === entry.version) return;
    if (known?.model !== model)
      known = { model, features: model.header.signature.features.map((feature) => feature.name) };
    const { features } = known;
    const at = Date.now();
    for (let i = thread.take(rows.length) - 1; i >= 0; i--)
      thread.offer({ inputs: rows[i], features, id: answers[i].prediction_id, request_id: requestId, at });
  };
  const figure = (figureName: string, help: string, read: () => number) => ({
    ...{ name: `shadow_${figureName}`, help, read },
  });
  return {
    observe,
    failure: () => thread.state().failure,
    figures: [
      figure('answered_rows', 'Rows that the shadow answered.', () => thread.state().answered),
      figure('dropped_rows', 'Rows that it had no time for.', () => thread.state().dropped),
      figure('unread_rows', 'Rows that it cannot answer.', () => thread.state().unread),
      figure('waiting_rows', 'Rows that it has yet to answer.', () => thread.state().waiting),
      figure('failing', failingHelp('shadow'), () => (thread.state().failure === null ? 0 : 1)),
    ],
    close: () => thread.close(),
  };
}
