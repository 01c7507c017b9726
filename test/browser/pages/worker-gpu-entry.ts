/** The back end's worker, watched. The order of these two matters. */
import '../gpu-watch-now.ts';
import '../../../src/worker/main.ts';
