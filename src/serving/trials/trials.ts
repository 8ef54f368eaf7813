import type { PredictHooks } from '../context.js';
import { type Canary, openCanary } from './canary.js';
import { openShadow, type Shadow } from './shadow.js';
import type { TrialContext, TrialFigure, TrialOptions } from './trial-version.js';

/** Versions on trial beside the promoted ones. */
interface Trials {
  hooks: Pick<PredictHooks, 'choose' | 'choosesByRows' | 'instead' | 'observe'>;
  figures: readonly TrialFigure[];
  /** What an operator should know, a line each. */
  warnings(): string[];
  close(): Promise<void>;
}

/** Begins the trials. One that cannot begin is told, and the server goes on without it. */
export async function openTrials(
  { shadow: asked, canary: share }: TrialOptions,
  context: TrialContext,
): Promise<Trials> {
  const shadow: Shadow | null = asked && openShadow(asked, context);
  const canary: Canary | null = share && (await openCanary(share, context));
  const warnings = () =>
    [
      { kind: 'shadow', failure: shadow?.failure() ?? null },
      { kind: 'canary', failure: canary?.failure() ?? null },
    ].flatMap(({ kind, failure }) =>
      failure === null ? [] : [`The ${kind} does not take part: ${failure}.`],
    );
  for (const line of warnings()) context.tell(line);
  return {
    hooks: {
      choose: canary?.choose ?? null,
      choosesByRows: canary?.choosesByRows ?? false,
      instead: canary?.instead ?? null,
      observe: shadow?.observe ?? null,
    },
    figures: [...(shadow?.figures ?? []), ...(canary?.figures ?? [])],
    warnings,
    close: async () => {
      await Promise.all([shadow?.close(), canary?.close()]);
    },
  };
}
