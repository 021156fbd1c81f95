/** Windows: the XML at the end of `sources/install.wim` (or `.esd`), and its ISOs, which hold UDF. */
import { firstFound, type ImageTree } from './image-tree.ts';
import type { Architecture, Recognition } from './recognition.ts';

/** Header of a WIM: its mark, and where the XML is (Microsoft, "Windows Imaging File Format", 2007). */
const HEADER = 208;
const XML_AT = 72;
/** Bytes of XML that are read: a DVD with ten editions has some 30 KiB. */
const XML_LIMIT = 4 * 1024 * 1024;

/** WINDOWS/ARCH: processor numbers of winnt.h. */
const PROCESSORS: Readonly<Record<string, Architecture>> = { 0: 'i386', 5: 'other', 9: 'amd64', 12: 'arm64' };

/** Builds of Windows Server, the newest first. */
const SERVERS: readonly (readonly [number, string])[] = [
  [26_100, '2025'],
  [20_348, '2022'],
  [17_763, '2019'],
  [14_393, '2016'],
  [9600, '2012 R2'],
  [9200, '2012'],
];

/** Reads a medium of Windows. */
export async function readWindows(tree: ImageTree): Promise<Recognition | undefined> {
  const wim = await firstFound(tree, ['sources/install.wim', 'sources/install.esd', 'sources/install.swm']);
  if (wim === undefined) return await readUdfNotice(tree);
  const xml = await wimXml(tree, wim);
  const common = { type: 'os', kind: 'windows', notes: [] } as const;
  if (xml === undefined) {
    const why = `${wim} has no readable header of a WIM: it is cut short or damaged`;
    const remedy = 'Copy it again, and compare its size with the one on the medium.';
    return { ...common, system: 'Windows', version: '', arch: undefined, unfit: { why, remedy } };
  }
  const names = [...xml.matchAll(/<NAME>([^<]{1,200})<\/NAME>/g)].map((match) => match[1] ?? '');
  const build = Number(/<BUILD>(\d{1,6})<\/BUILD>/.exec(xml)?.[1] ?? 0);
  const server = names.some((name) => /server/i.test(name));
  const release = server ? SERVERS.find(([least]) => build >= least)?.[1] : undefined;
  return {
    ...common,
    system: release === undefined ? (names[0] ?? 'Windows') : `Windows Server ${release}`,
    version: build === 0 ? '' : `10.0.${build}`.replace(/^10\.0\.(9[26]00)$/, '6.3.$1'),
    arch: PROCESSORS[/<ARCH>(\d{1,2})<\/ARCH>/.exec(xml)?.[1] ?? ''],
    notes: names.length > 1 ? [`It has ${names.length} editions: ${names.slice(0, 10).join(', ')}.`] : [],
  };
}

/** The XML of a WIM, undefined where header and file do not agree. */
async function wimXml(tree: ImageTree, path: string): Promise<string | undefined> {
  const header = await tree.bytes(path, 0, HEADER);
  if (header === undefined || header.length < HEADER || header.toString('latin1', 0, 8) !== 'MSWIM\0\0\0') {
    return undefined;
  }
  // seven bytes of size and one of flags, then the offset
  const size = Number(header.readBigUInt64LE(XML_AT) & 0xff_ffff_ffff_ffffn);
  const from = Number(header.readBigUInt64LE(XML_AT + 8));
  if (size > XML_LIMIT || !Number.isSafeInteger(from)) return undefined;
  const bytes = await tree.bytes(path, from, size);
  return bytes?.length === size ? bytes.toString('utf16le') : undefined;
}

/** An ISO of Microsoft shows one file to whoever reads ISO 9660 only. */
async function readUdfNotice(tree: ImageTree): Promise<Recognition | undefined> {
  const names = (await tree.names('.')).filter((name) => !name.startsWith('.'));
  const only = names.length === 1 && /^readme\.txt$/i.test(names[0] ?? '') ? await tree.text('README.TXT') : undefined;
  if (only === undefined || !/\bUDF\b/.test(only)) return undefined;
  return {
    system: 'Windows',
    version: '',
    arch: undefined,
    type: 'os',
    kind: 'windows',
    notes: [],
    unfit: {
      why: 'its files lie in a UDF file system, of which xorriso unpacks nothing',
      remedy: 'Mount it (mount -o loop,ro FILE /mnt) or unpack it (7z x FILE -oDIR), and add that directory.',
    },
  };
}
