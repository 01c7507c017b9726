import { serveNodeThread } from '../../runtime/thread.node.ts';
import { trainJob } from './train-job.ts';

serveNodeThread(trainJob);
