/** The one reader of on and off, for settings, kernel lines and deployments. */

/**
 * `1`, `true`, `yes`, `on` and their opposites, in any case; undefined for everything else. An empty value says nothing: it is
 * what a template leaves behind that had nothing to fill in, the kernel refuses it too (kstrtobool of lib/kstrtox.c), and
 * ironic-python-agent skips parameters without a value. So nobody lowers the trust of a node with an empty word.
 */
export function parseSwitch(text: string | undefined): boolean | undefined {
  const word = text?.toLowerCase() ?? '';
  if (/^(1|true|yes|on)$/.test(word)) return true;
  return /^(0|false|no|off)$/.test(word) ? false : undefined;
}
