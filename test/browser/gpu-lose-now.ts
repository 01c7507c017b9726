import { watchGpuAndLoseIt } from './gpu-watch.ts';

watchGpuAndLoseIt();
