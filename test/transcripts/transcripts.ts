/**
 * Command lines with all that they print, as in a terminal: `$ razor-mk WORDS`, what came, and the exit status where it is not 0.
 * `node test/transcripts/transcripts.ts` writes test/fixtures/transcripts again; look at what changed before you commit it.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from '../../platform/process/verb.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';
import { commandLine } from '../helpers/command-line.ts';
import { SCENES, type Place, type Scene, type Step } from './scenes.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures');
const TRANSCRIPTS = join(FIXTURES, 'transcripts');

/** The text that a scene should print. */
export function expectedText(name: string): string {
  return readFileSync(join(TRANSCRIPTS, `${name}.txt`), 'utf8');
}

/** Plays a scene in `directory`, which is empty. */
export async function play(scene: Scene, directory: string): Promise<string> {
  const fixtures = join(FIXTURES, 'captures');
  const opened = await scene.open?.(directory);
  const place: Place = { directory, captures: fixtures, url: opened?.url ?? '' };
  const texts: string[] = [];
  try {
    for (const step of scene.steps(place)) texts.push(await playStep(step));
  } finally {
    await opened?.close();
  }
  return sameEverywhere(texts.join('\n'), place);
}

async function playStep({ words, host = {} }: Step): Promise<string> {
  const { status, out, err } = await commandLine(words, host);
  const shown = words.map((word) => (/^[\w./:=,+-]+$/.test(word) ? word : `'${word}'`)).join(' ');
  const errors = err === '' ? '' : `${err.replaceAll(/^(?=.)/gm, '2> ')}`;
  return `$ razor-mk ${shown}${terminalOf(host)}\n${visible(out)}${visible(errors)}${status === 0 ? '' : `[${status}]\n`}`;
}

function terminalOf({ interactive, colour, columns }: Partial<Host>): string {
  if (interactive !== true) return '';
  return `   # on a terminal${colour === true ? ' with colours' : ''}${columns === undefined ? '' : `, ${columns} columns`}`;
}

function visible(text: string): string {
  return text.replaceAll('\u001b', '␛');
}

/** What differs from run to run becomes a word: directories, addresses with ports, times, ids that were drawn. */
function sameEverywhere(text: string, { directory, captures, url }: Place): string {
  const drawn = new Set([...text.matchAll(/(?:"uuid": "|^uuid +)([0-9A-Za-z]{16,22})"?/gm)].map(([, id = '']) => id));
  const named = [...drawn].reduce((all, id, index) => all.replaceAll(id, `ID-${index + 1}`), text);
  return (url === '' ? named : named.replaceAll(url, 'LAB'))
    .replaceAll(captures, 'CAPTURES')
    .replaceAll(directory, 'DIR')
    .replaceAll(/\b127\.0\.0\.1:\d{4,5}\b/g, '127.0.0.1:PORT')
    .replaceAll(/\b\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replaceAll(/\b(UUID|ID-\d+|TIME)  +/g, '$1  ')
    .replaceAll(/\d+\.\d ms\b/g, 'N ms')
    .replaceAll(/"durationMs":[\d.]+/g, '"durationMs":N');
}

if (import.meta.main) {
  mkdirSync(TRANSCRIPTS, { recursive: true });
  for (const [name, scene] of Object.entries(SCENES))
    writeFileSync(join(TRANSCRIPTS, `${name}.txt`), await play(scene, temporaryDirectory()));
}
