import { test } from 'node:test';
import { randomReplies } from '../helpers/random-replies.ts';

test('10,000 random replies and configurations are parsed or refused, never worse', () => randomReplies(10_000, 42));
