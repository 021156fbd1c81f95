/** Names near a mistyped one. */

/** At most `most` names, the nearest first: by edit distance (up to a third of the length), or because one holds the other. */
export function suggestNames(wrong: string, names: Iterable<string>, most = 5): string[] {
  const word = wrong.toLowerCase().slice(0, 100);
  const limit = Math.max(1, Math.floor(word.length / 3));
  const near: { name: string; score: number }[] = [];
  for (const name of names) {
    const other = name.toLowerCase().slice(0, 100);
    const distance = editDistance(word, other);
    if (distance <= limit) near.push({ name, score: distance });
    else if (word.length >= 3 && (other.includes(word) || (other.length >= 4 && word.includes(other)))) {
      near.push({ name, score: limit + 1 + Math.abs(other.length - word.length) / 100 });
    }
  }
  return near
    .sort((a, b) => a.score - b.score || (a.name < b.name ? -1 : 1))
    .slice(0, most)
    .map(({ name }) => name);
}

/** `; did you mean a, b?`, or nothing where no name is near. */
export function didYouMean(wrong: string, names: Iterable<string>): string {
  const near = suggestNames(wrong, names);
  return near.length === 0 ? '' : `; did you mean ${near.join(', ')}?`;
}

/** Levenshtein's distance, with two neighbours swapped counting as one. */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min((last[j] as number) + 1, (row[j - 1] as number) + 1, (last[j - 1] as number) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (before[j - 2] as number) + 1);
      }
      row.push(best);
    }
    before = last;
    last = row;
  }
  return last[b.length] as number;
}
