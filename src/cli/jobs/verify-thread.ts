import { serveNodeThread } from '../../runtime/thread.node.ts';
import { verifyJob } from './verify-job.ts';

serveNodeThread(verifyJob);
