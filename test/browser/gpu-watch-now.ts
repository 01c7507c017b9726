import { watchGpu } from './gpu-watch.ts';

watchGpu();
