/** The back end's worker, whose graphics device is lost after its first step. The order of these two matters. */
import '../gpu-lose-now.ts';
import '../../../src/worker/main.ts';
