import { test } from 'node:test';
import { randomReplies } from '../../helpers/random-replies.ts';

test('500 random replies and configurations are parsed or refused, never worse', () => randomReplies(500, 20_261_122));
