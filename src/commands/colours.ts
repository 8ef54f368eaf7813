import chalk, { Chalk, chalkStderr } from 'chalk';
import { colourRefused } from '../config.js';

/** NO_COLOR is a wish that chalk itself does not know. */
const plain = new Chalk({ level: 0 });

export const paintStdout = colourRefused() ? plain : chalk;
export const paintStderr = colourRefused() ? plain : chalkStderr;
