import { compileEncoder } from '../datasets/encode-rows.js';
import { RiskopsError } from '../errors.js';
import { readModelFile } from '../models/model-file.js';
import type { LoggedPrediction } from './logged-prediction.js';

/** A prediction computed again by the version that made it, from the inputs that were logged. */
export interface Replay {
  result: 'identical' | 'differs' | 'impossible';
  logged: number;
  /** null when it could not be computed. */
  recomputed: number | null;
  /** Why it is not identical; null when it is. */
  why: string | null;
}

/** Reads the row as the server reads it and predicts it with the model file that is on record. Nothing is thrown for a file that is not whole. */
export async function replayPrediction(
  { inputs, prediction: logged, class: loggedClass }: LoggedPrediction,
  file: string,
  sha256: string,
): Promise<Replay> {
  const impossible = (why: string): Replay => ({ result: 'impossible', logged, recomputed: null, why });
  try {
    const { header, predictCells } = await readModelFile(file, { sha256 });
    const { cells, problems } = compileEncoder(header.signature).encode([inputs]);
    if (problems.length > 0) {
      const [{ feature, got, expected }] = problems;
      return impossible(
        `the logged inputs do not fit the model: ${feature ?? 'the row'} is ${got}, not ${expected}`,
      );
    }
    const [recomputed] = predictCells(cells, 1);
    if (!Object.is(recomputed, logged))
      return {
        result: 'differs',
        logged,
        recomputed,
        why: `the prediction is another by ${recomputed - logged}`,
      };
    const { classes } = header.signature.target;
    const found =
      classes === null || header.threshold === null ? null : classes[recomputed >= header.threshold ? 1 : 0];
    if (found === loggedClass) return { result: 'identical', logged, recomputed, why: null };
    const [was, is] = [JSON.stringify(loggedClass), JSON.stringify(found)];
    return { result: 'differs', logged, recomputed, why: `the class was logged as ${was}, and is ${is}` };
  } catch (error) {
    if (!(error instanceof RiskopsError)) throw error;
    return impossible(error.message.replace(/\.$/, ''));
  }
}
