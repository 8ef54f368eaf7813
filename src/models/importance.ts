import { seededRandom, shuffledIndices } from '../util/random.js';

export interface PermutationInput {
  /** Answers for row-major cells. */
  predict(x: Float64Array, rowCount: number): Float64Array;
  /** rowCount x featureCount. */
  x: Float64Array;
  rowCount: number;
  featureCount: number;
  /** How good answers are. */
  score(predictions: Float64Array): number;
  /** Which way is better. */
  direction: 'greater' | 'less';
  repeats: number;
  seed: number;
  /** Which features are shuffled; all when left out. The others lose nothing. */
  shuffles?(feature: number): boolean;
}

export interface FeatureImportance {
  /** By how much the score gets worse without the feature, in its own unit: the mean over the repeats. */
  mean: number;
  /** Their standard deviation. */
  deviation: number;
}

/**
 * How much worse a model's score gets when a feature's cells are shuffled among the rows (Breiman 2001; Fisher, Rudin and Dominici
 * 2019): what the model owes to the feature on these rows. Features that say the same stand in for each other, and each seems to
 * matter little. Each feature and repeat has its own stream of the seed, so that leaving a feature out changes no other's figure.
 */
export function permutationImportance(input: PermutationInput): FeatureImportance[] {
  const { predict, x, rowCount, featureCount, score, direction, repeats, seed } = input;
  const shuffles = input.shuffles ?? (() => true);
  const sign = direction === 'greater' ? 1 : -1;
  const whole = score(predict(x, rowCount));
  const shuffled = x.slice(0, rowCount * featureCount);
  return Array.from({ length: featureCount }, (_, feature) => {
    if (!shuffles(feature)) return { mean: 0, deviation: 0 };
    const losses = Array.from({ length: repeats }, (_, repeat) => {
      const order = shuffledIndices(rowCount, seededRandom(seed, feature * repeats + repeat));
      for (let row = 0; row < rowCount; row++)
        shuffled[row * featureCount + feature] = x[order[row] * featureCount + feature];
      return sign * (whole - score(predict(shuffled, rowCount)));
    });
    for (let at = feature; at < shuffled.length; at += featureCount) shuffled[at] = x[at];
    const mean = losses.reduce((a, b) => a + b, 0) / repeats;
    const squares = losses.reduce((sum, loss) => sum + (loss - mean) ** 2, 0);
    return { mean, deviation: Math.sqrt(squares / Math.max(1, repeats - 1)) };
  });
}
