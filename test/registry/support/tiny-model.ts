import type { Signature } from '../../../src/datasets/signature.js';
import { fitRecipe } from '../../../src/features/recipe.js';
import { dummy } from '../../../src/models/dummy.js';
import { type EncodedModel, encodeModelFile } from '../../../src/models/model-file.js';

const signature: Signature = {
  features: [{ name: 'income', type: 'number', nullable: false, min: 0, max: 1 }],
  target: { name: 'default', type: 'integer', classes: [0, 1] },
};

/** A real model file, small and quick to read: it gives every row the same probability. */
export async function tinyModelFile(prediction: number): Promise<EncodedModel> {
  const rows = 1000;
  const y = Float64Array.from({ length: rows }, (_, i) => (i < prediction * rows ? 1 : 0));
  const x = Float64Array.from(y, (_, i) => i / (rows - 1));
  const recipe = fitRecipe([], x, rows, signature);
  const data = {
    ...{ x, y, rowCount: rows, weights: null, previous: null, validation: null },
    ...{ names: recipe.outputs, categories: recipe.categories, classCount: 2 },
  };
  return encodeModelFile({
    learner: dummy,
    hyper: {},
    recipe,
    fitted: await dummy.fit(data, 'binary', {}, { seed: 0, threads: 1 }),
    task: 'binary',
    signature,
    threshold: 0.5,
    classes: [0, 1],
    metrics: {},
    provenance: {
      model: 'credit',
      run_id: '0'.repeat(32),
      created_at: '2026-03-01T12:00:00.000Z',
      git_commit: null,
      data_sha256: 'd'.repeat(64),
      seed: 0,
      split: 'every:5:4',
      riskops_version: '0.1.0',
    },
  });
}
