/** Many more random qcow2 images than npm test makes. The seed is printed by fast-check when one of them fails. */
import { test } from 'node:test';
import { anyQcow2 } from '../agent/disk-image/qcow2/any-qcow2.ts';

const RUNS = 400;

test(`${RUNS} random qcow2 images come out as their guests’ disks`, (t) => anyQcow2(t, RUNS));
