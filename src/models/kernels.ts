export { kernelModule } from '../util/package.js';
