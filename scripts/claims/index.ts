/** Every claim, in the order in which they are tried. */
import type { Claim } from './claim.ts';
import { claims as deploy } from './deploy.ts';
import { claims as dialects } from './dialects.ts';
import { claims as corpus } from './corpus.ts';
import { claims as mainJob } from './main-job.ts';
import { claims as node } from './node.ts';
import { claims as packaging } from './packaging.ts';

export const CLAIMS: readonly Claim[] = [...mainJob, ...corpus, ...packaging, ...dialects, ...node, ...deploy];
