export { generateFundus } from './fundus.ts';
