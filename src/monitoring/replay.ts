import { compileEncoder } from '../datasets/encode-rows.js';
import type { ClassValue } from '../datasets/target.js';
import { RiskopsError } from '../errors.js';
import { calledClass, classProbabilities, type Probabilities } from '../models/class-answer.js';
import { readModelFile } from '../models/model-file.js';
import type { Predictor } from '../models/predictor.js';
import type { LoggedPrediction } from './logged-prediction.js';

/** A prediction computed again by the version that made it, from the inputs that were logged. */
export interface Replay {
  result: 'identical' | 'differs' | 'impossible';
  logged: ClassValue;
  /** null when it could not be computed. */
  recomputed: ClassValue | null;
  /** Of three or more classes the probabilities as they are now. */
  probabilities?: Probabilities;
  /** Why it is not identical; null when it is. */
  why: string | null;
}

/** Reads the row as the server reads it and predicts it with the model file that is on record. Nothing is thrown for a file that is not whole. */
export async function replayPrediction(
  entry: LoggedPrediction,
  file: string,
  sha256: string,
): Promise<Replay> {
  const { prediction: logged } = entry;
  const impossible = (why: string): Replay => ({ result: 'impossible', logged, recomputed: null, why });
  if (entry.redacted !== undefined)
    return impossible(`redacted: the log does not keep the values of ${entry.redacted.join(', ')}`);
  try {
    const predictor = await readModelFile(file, { sha256 });
    if (predictor.sequential) {
      return impossible(
        'the model looks at the rows before each row, and a prediction is logged with its own row alone',
      );
    }
    const { cells, problems } = compileEncoder(predictor.header.signature).encode([entry.inputs]);
    if (problems.length > 0) {
      const [{ feature, got, expected }] = problems;
      return impossible(
        `the logged inputs do not fit the model: ${feature ?? 'the row'} is ${got}, not ${expected}`,
      );
    }
    const { why, ...found } = compareAnswers(entry, predictor, predictor.predictCells(cells, 1));
    return { result: why === null ? 'identical' : 'differs', logged, ...found, why };
  } catch (error) {
    if (!(error instanceof RiskopsError)) throw error;
    return impossible(error.message.replace(/\.$/, ''));
  }
}

type Found = Pick<Replay, 'recomputed' | 'probabilities' | 'why'>;

/** Equal to the last bit or not. Of many classes every probability counts, not the class alone. */
function compareAnswers(entry: LoggedPrediction, { header }: Predictor, answer: Float64Array): Found {
  const called = calledClass(header, answer, 0);
  const probabilities = classProbabilities(header, answer, 0);
  if (probabilities !== null) {
    const why = probabilityDifference(entry.probabilities ?? {}, probabilities);
    return { recomputed: called, probabilities, why: why ?? classDifference(entry, called) };
  }
  const [recomputed] = answer;
  const { prediction: logged } = entry;
  if (Object.is(recomputed, logged)) return { recomputed, why: classDifference(entry, called) };
  return { recomputed, why: `the prediction is another by ${recomputed - Number(logged)}` };
}

function probabilityDifference(logged: Probabilities, found: Probabilities): string | null {
  const names = [...new Set([...Object.keys(logged), ...Object.keys(found)])];
  const other = names.find((name) => !Object.is(logged[name], found[name]));
  if (other === undefined) return null;
  const [was, is] = [logged[other] ?? 'not logged', found[other] ?? 'unknown to the model'];
  return `the probability of ${JSON.stringify(other)} was logged as ${was}, and is ${is}`;
}

function classDifference({ class: logged }: LoggedPrediction, found: ClassValue | null): string | null {
  if (found === logged) return null;
  return `the class was logged as ${JSON.stringify(logged)}, and is ${JSON.stringify(found)}`;
}
