/**
 * What a file is by its first bytes, whatever somebody said that it is. A disk that is written with a container instead of its
 * content boots nothing, and the node would count as deployed. The numbers are those of the formats' own documents
 * (qemu docs/interop/qcow2.rst, VMDK 5.0, MS-VHDX, RFC 1952, RFC 8878, xz-file-format, LUKS on-disk format, ECMA-119).
 */

/** At an offset, these bytes; and what the file is then. */
type Magic = readonly [kind: string, offset: number, bytes: string];

export const QCOW2 = 'a qcow2 image';

const MAGIC: readonly Magic[] = [
  [QCOW2, 0, 'QFI\xfb'],
  ['a VMDK image', 0, 'KDMV'],
  ['a VMDK image', 0, 'COWD'],
  ['a VMDK image', 0, '# Disk DescriptorFile'],
  ['a VHD image', 0, 'conectix'],
  ['a VHDX image', 0, 'vhdxfile'],
  ['a VDI image', 64, '\x7f\x10\xda\xbe'],
  ['a QED image', 0, 'QED\0'],
  ['a Parallels image', 0, 'WithoutFreeSpace'],
  ['a Parallels image', 0, 'WithouFreSpacExt'],
  ['gzip data', 0, '\x1f\x8b\x08'],
  ['xz data', 0, '\xfd7zXZ\0'],
  ['zstd data', 0, '\x28\xb5\x2f\xfd'],
  ['bzip2 data', 4, '1AY&SY'],
  ['lz4 data', 0, '\x04\x22\x4d\x18'],
  ['LUKS encrypted', 0, 'LUKS\xba\xbe'],
  ['a zip archive', 0, 'PK\x03\x04'],
  ['a 7z archive', 0, '7z\xbc\xaf\x27\x1c'],
  ['a tar archive (OVA?)', 257, 'ustar'],
  ['a squashfs file system', 0, 'hsqs'],
];

const ISO = ['an ISO 9660 image', 32_769, 'CD001'] as const;

/**
 * `a qcow2 image`, `gzip data`, `an HTML page`; undefined for what may be the raw image of a disk. An ISO 9660 image counts only
 * where it has no partition table: one that was made for memory sticks is a disk image too.
 */
export function foreignKind(head: Buffer, hasTable: boolean): string | undefined {
  const found = MAGIC.find((magic) => matches(head, magic));
  if (found !== undefined) return found[0];
  if (!hasTable && matches(head, ISO)) return ISO[0];
  return textKind(head);
}

const CONVERT =
  'Give its real image_disk_format and let the conductor convert it (image_download_source=local), or convert it once with qemu-img convert -O raw.';

/** What to do about a file that is of a `foreignKind`. */
export function remedyOfKind(kind: string): string {
  if (/(document|page)$/.test(kind)) return 'Open the URL of the image: the server answers with text in its place.';
  if (/(data|archive.*)$/.test(kind))
    return 'Unpack it on the server, and give the URL and the checksum of the image itself.';
  return kind === 'LUKS encrypted' ? 'Give the image decrypted.' : CONVERT;
}

function matches(head: Buffer, [, offset, bytes]: Magic): boolean {
  return head.toString('latin1', offset, offset + bytes.length) === bytes;
}

/** A page of a portal, or a server's own error in words. */
function textKind(head: Buffer): string | undefined {
  const start = head
    .toString('latin1', 0, 512)
    .replace(/^\xef\xbb\xbf/, '')
    .trimStart()
    .toLowerCase();
  if (/^<(!doctype html|html|head|body)\b/.test(start)) return 'an HTML page';
  if (start.startsWith('<?xml')) return 'an XML document';
  return /^[{[]\s*["{[]/.test(start) ? 'a JSON document' : undefined;
}
