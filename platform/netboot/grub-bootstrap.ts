/** The grub.cfg of a TFTP or HTTP root, which asks a boot API that speaks GRUB. Pure. */

/** A line that makes GRUB print a text as it stands. */
export function grubEcho(text: string): string {
  return `echo '${text.replaceAll(/[^ -~]|'/g, '_')}'`;
}

/** Lines that wait and start the machine again. */
export function grubStartOver(seconds: number): readonly string[] {
  return [grubEcho(`ERROR, will reboot in ${seconds}`), `sleep ${seconds}`, 'reboot'];
}

/**
 * Asks the boot API of `server` (`HOST:PORT`, where HOST may be `$net_default_server`) in the name of the card that GRUB came over.
 * A missing answer is silent in GRUB (`source` ends with 0), so what follows starts over.
 */
export function grubBootstrap(server: string): string {
  return `${[
    'set timeout=0',
    'insmod http',
    // not in quotes that keep a variable from being one
    `echo "Razor: asking ${server} what to boot"`,
    `source "(http,${server})/razor/api/boot?loader=grub&mac=$net_default_mac"`,
    grubEcho('no answer that could be booted'),
    ...grubStartOver(15),
  ].join('\n')}\n`;
}
