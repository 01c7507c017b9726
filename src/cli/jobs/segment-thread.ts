import { serveNodeThread } from '../../runtime/thread.node.ts';
import { segmentJob } from './segment-job.ts';

serveNodeThread(segmentJob);
