/** The back end's worker, as a file of its own: pages start it by its address. */
import '../../../src/worker/main.ts';
