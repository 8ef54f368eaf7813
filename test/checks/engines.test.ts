import { expect, test } from 'vitest';
import { engines } from '../../src/checks/doctor/engines.js';

test('the doctor says what runs TensorFlow.js, and what would be faster and is not there', async () => {
  const findings = await engines.run({
    places: { database: '', artifacts: '', currentModel: '' },
    store: null,
    fix: false,
    deep: false,
  });
  expect(findings.every(({ severity }) => severity === 'ok')).toBe(true);
  expect(findings.map(({ message }) => message).join('\n')).toMatch(
    /The engine tfjs runs on @tensorflow\/tfjs-(node\.|backend-wasm; @tensorflow\/tfjs-node)/,
  );
});
