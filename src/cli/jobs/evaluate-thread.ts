import { serveNodeThread } from '../../runtime/thread.node.ts';
import { evaluateJob } from './evaluate-job.ts';

serveNodeThread(evaluateJob);
