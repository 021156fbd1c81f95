/**
 * ATA's Security Erase Unit, by hdparm, whose exit status says little: what the drive says of its security (`hdparm -I`) is read
 * before and after. The password is the one of hdparm's word NULL, as ironic-python-agent's, so that either unlocks what the other
 * left locked.
 */
import { run } from '../../../platform/process/run.ts';
import type { Disk } from '../disks.ts';
import { complaint, unsupported, wentWrong, type Attempt, type EraseTools } from './attempt.ts';

const PASSWORD = 'NULL';
/** A disk of 20 TB that overwrites itself takes longer than a day. */
const LONGEST_MS = 48 * 3_600_000;

interface Security {
  readonly supported: boolean;
  readonly enabled: boolean;
  readonly locked: boolean;
  readonly frozen: boolean;
  readonly enhanced: boolean;
}

/** The section of `hdparm -I`; undefined where there is none, as for a disk without ATA security. */
export function securityOf(text: string): Security | undefined {
  const [, after] = text.split(/^Security:\s*$/m);
  if (after === undefined) return undefined;
  const lines = after.split('\n').slice(1);
  const end = lines.findIndex((line) => !/^\s/.test(line));
  const words = lines.slice(0, end < 0 ? undefined : end).map((line) => line.trim().replaceAll(/\s+/g, ' '));
  return {
    supported: words.includes('supported'),
    enabled: words.includes('enabled'),
    locked: words.includes('locked'),
    frozen: words.includes('frozen'),
    enhanced: words.includes('supported: enhanced erase'),
  };
}

/** Whether it speaks ATA: sysfs calls the vendor so. hdparm calls SCSI disks ATA devices as well. */
export function isAta({ vendor }: Disk): boolean {
  return vendor === 'ATA';
}

/** Erases an ATA disk. */
export async function eraseAta({ path }: Disk, tools: EraseTools): Promise<Attempt> {
  const hdparm = tools.find('hdparm');
  if (hdparm === undefined) return unsupported('there is no hdparm in this image');
  const look = async (): Promise<Security | undefined> =>
    securityOf((await run([hdparm, '-I', path])).stdout.toString());
  const act = async (what: string, ...words: readonly string[]): Promise<string | undefined> => {
    const argv = [hdparm, '--user-master', 'u', ...words, PASSWORD, path] as const;
    return complaint(await tools.system.run(`${what} of ${path}`, argv, { timeoutMs: LONGEST_MS }));
  };
  let security = await look();
  if (security?.supported !== true) return unsupported('it has no ATA security');
  if (security.frozen) {
    return wentWrong(
      'its firmware has frozen ATA security until the disk is powered again: see the set-up of the BIOS',
    );
  }
  if (security.locked) {
    await act('unlock ATA security', '--security-unlock');
    security = await look();
    if (security?.locked !== false) return wentWrong('it is locked by an ATA password that is not known here');
  }
  if (!security.enabled) {
    const said = await act('set an ATA password', '--security-set-pass');
    security = await look();
    if (security?.enabled !== true)
      return wentWrong(`no ATA password could be set${said === undefined ? '' : `: ${said}`}`);
  }
  const how = security.enhanced ? 'ATA secure erase (enhanced)' : 'ATA secure erase';
  const said = await act(how, security.enhanced ? '--security-erase-enhanced' : '--security-erase');
  const after = await look();
  if (after?.enabled === false && said === undefined) return { is: 'done', how };
  // a disk that stays locked is lost to everybody
  await act('unlock ATA security', '--security-unlock');
  await act('take the ATA password away', '--security-disable');
  const left = (await look())?.enabled === false ? '' : '; ITS ATA PASSWORD IS STILL SET (hdparm’s NULL)';
  return wentWrong(`${how}: ${said ?? 'the drive did not take its password away, as an erase does'}${left}`);
}
