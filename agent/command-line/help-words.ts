/** `razor-mk help`. */

/** `razor-mk help VERB …` as the words that show the help of the verb. */
export function helpWords(argv: readonly string[]): readonly string[] {
  return argv[0] === 'help' ? [...argv.slice(1), '--help'] : argv;
}
