/** How far a clock is from a server's, in words; apart from what speaks TLS, which a node with a plain server never loads. */

/** `2 days behind`, `40 s ahead`, `right`. Below two seconds is right: Date has whole seconds. */
export function offsetInWords(ms: number): string {
  const s = Math.abs(ms) / 1000;
  if (s < 2) return 'right';
  const [amount, unit] =
    s < 120 ? [s, 's'] : s < 7200 ? [s / 60, 'min'] : s < 172_800 ? [s / 3600, 'h'] : [s / 86_400, 'days'];
  return `${Math.round(amount)} ${unit} ${ms > 0 ? 'ahead of' : 'behind'} the server’s`;
}
