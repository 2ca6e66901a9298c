/** Entry of the daemon process: while everything else is loaded, the writer's thread boots on another core. */
import { bootWriterWorker } from './writer/writer-worker.ts';

bootWriterWorker();
await import('./main.ts');
