/** `razor-mk help VERB`, `razor-mk VERB --help`. */

/** The words that lead to the verb whose help is asked for; undefined where none is. */
export function helpWords(argv: readonly string[]): readonly string[] | undefined {
  if (argv[0] === 'help') return argv.slice(1);
  const end = argv.indexOf('--');
  const options = end === -1 ? argv : argv.slice(0, end);
  return options.some((word) => word === '--help' || word === '-h') ? options : undefined;
}
