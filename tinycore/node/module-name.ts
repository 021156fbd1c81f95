/** Names of kernel modules, for the node and for the builder of its image. */

const MODULE_FILE = /\.ko(\.gz|\.xz|\.zst)?$/;

/** The name that the kernel knows a module by: `kernel/net/8021q/8021q.ko.xz` is `8021q`, and dashes are underscores. */
export function moduleName(path: string): string {
  return (path.split('/').at(-1) ?? '').replace(MODULE_FILE, '').replaceAll('-', '_');
}

/** Whether a path names the file of a module, compressed or not. */
export function isModule(path: string): boolean {
  return MODULE_FILE.test(path);
}
