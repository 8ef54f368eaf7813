import { compileRedaction } from '../monitoring/redaction.js';
import { printable } from '../util/text.js';
import type { ServerContext } from './context.js';

/**
 * What an operator should know of the fields that are not to be logged: names that are none of a served model's fields, since a slip of
 * the pen would keep what was to be left out; and things whose outcomes cannot be joined without their key.
 * @param beside names that a model's rows may have besides its features
 */
export function tellOfRedaction(
  { slots, entity, tell }: Pick<ServerContext, 'slots' | 'entity' | 'tell'>,
  patterns: readonly string[],
  beside: (model: string) => readonly string[] = () => [],
): void {
  const redaction = compileRedaction(patterns);
  if (redaction === null) return;
  const served = slots
    .names()
    .map((name) => slots.loaded(name))
    .filter((model) => model !== null);
  if (served.length === 0) return;
  const names = served.flatMap(({ name, header }) => [
    ...header.signature.features.map((feature) => feature.name),
    ...beside(name),
    ...entity(name),
  ]);
  for (const pattern of redaction.unmatched(names))
    tell(`log.redact: "${printable(pattern, 80)}" is no field of the models that are served.`);
  for (const { name } of served) {
    const hidden = entity(name).filter(redaction.covers);
    if (hidden.length > 0)
      tell(
        `log.redact: ${printable(hidden.join(', '), 80)} names the things of model "${name}": their outcomes cannot be joined.`,
      );
  }
}
