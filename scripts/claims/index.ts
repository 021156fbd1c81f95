/** Every claim, in the order in which they are tried. */
import type { Claim } from './claim.ts';
import { claims as mainJob } from './main-job.ts';

export const CLAIMS: readonly Claim[] = [...mainJob];
