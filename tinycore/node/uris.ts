/** The mirror URIs that servers push. Pure. */

/**
 * The first configuration of the original server has an empty port in its three URIs
 * (`http://localhost:/tinycorelinux`, docs/contracts/razor-0.x.md#pushed-configuration): the local mirror is meant.
 * `actual` is the port where our mirror listens, when it does not listen on the one that the server believes in (an
 * agent that is not live).
 */
export function repairMirrorUri(uri: string, mirrorPort: number, actual?: number): string {
  const match = /^http:\/\/(localhost|127\.0\.0\.1)(?::(\d*))?(\/.*)?$/i.exec(uri);
  if (match === null) return uri;
  const [, , port, path = ''] = match;
  const emptyPort = port === '';
  if (!emptyPort && port !== String(mirrorPort)) return uri;
  return `http://127.0.0.1:${actual ?? mirrorPort}${path}`;
}
