/** Loaded before a daemon's own code: it folds its log back after 20 pages instead of thousands. */
import { limits } from '../../shared/limits.ts';

(limits as { checkpointPages: number }).checkpointPages = 20;
