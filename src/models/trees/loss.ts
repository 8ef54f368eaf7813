import type { Task } from '../learner.js';
import { logistic } from './boosting/logistic.js';
import type { Loss, LossRoom } from './boosting/loss.js';
import { absolute, quantile } from './boosting/quantile.js';
import { softmax } from './boosting/softmax.js';
import { squared } from './boosting/squared.js';

const BY_NAME = { squared, absolute, quantile };

/** The loss of a task, ready for its rows. */
export function openLoss(task: Task, room: LossRoom): Loss {
  if (task === 'binary') return logistic(room);
  if (task === 'multiclass') return softmax(room);
  return BY_NAME[room.options.loss](room);
}

/** The logistic function: the probability of class 1 from log-odds. */
export function sigmoid(logOdds: number): number {
  return 1 / (1 + Math.exp(-logOdds));
}
