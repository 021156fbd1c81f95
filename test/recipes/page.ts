/** docs/boot-recipes.md as the suite runs it: the files and commands of each section, word for word. Pure but for the page itself. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from '../../packaging/project-paths.ts';

/** What a section tells its reader to do, in its order. */
export type RecipeStep =
  { readonly write: string; readonly text: string } | { readonly command: string; readonly foreground: boolean };

/** Ends only when somebody ends it: runs in a terminal of its own. */
const FOREGROUND = /^dnsmasq --keep-in-foreground |^busybox httpd -f |^npm run -s razor-mk -- lab --host /;

/** Section titles of a page and what each tells to do; sections without commands have no steps. */
export function recipesOf(page: string): ReadonlyMap<string, readonly RecipeStep[]> {
  const sections = page.split(/^## /m).slice(1);
  return new Map(
    sections.map((section) => {
      const title = section.split('\n', 1)[0] ?? '';
      const blocks = section.matchAll(/(?:^`(\/[^`]+)`:\n\n)?^```\n([\s\S]*?)^```$/gm);
      return [title, [...blocks].flatMap(([, path, text = '']) => stepsOf(path, text))];
    }),
  );
}

function stepsOf(path: string | undefined, text: string): RecipeStep[] {
  if (path !== undefined) return [{ write: path, text }];
  return text
    .split('\n')
    .filter((line) => line.startsWith('$ '))
    .map((line) => line.slice(2))
    .map((command) => ({ command, foreground: FOREGROUND.test(command) }));
}

/** The page of this clone. */
export function readRecipes(): ReadonlyMap<string, readonly RecipeStep[]> {
  return recipesOf(readFileSync(join(PROJECT, 'docs/boot-recipes.md'), 'utf8'));
}
