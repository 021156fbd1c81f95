/** Every claim, in the order in which they are tried. */
import { claims as agent } from './agent.ts';
import type { Claim } from './claim.ts';
import { claims as corpus } from './corpus.ts';
import { claims as deploy } from './deploy.ts';
import { claims as dialects } from './dialects.ts';
import { claims as facts } from './facts.ts';
import { claims as image } from './image.ts';
import { claims as mainJob } from './main-job.ts';
import { claims as newcomer } from './newcomer.ts';
import { claims as node } from './node.ts';
import { claims as packaging } from './packaging.ts';

export const CLAIMS: readonly Claim[] = [
  ...mainJob,
  ...facts,
  ...newcomer,
  ...corpus,
  ...node,
  ...dialects,
  ...packaging,
  ...image,
  ...deploy,
  ...agent,
];
