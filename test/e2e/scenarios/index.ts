/** Every scenario, in order. */
import type { Scenario } from '../scenario.ts';
import { scenario as a } from './a-bios.ts';
import { ia32 as b3, originalScript as b2, scenario as b } from './b-uefi.ts';
import { scenario as c } from './c-discovery.ts';
import { scenario as d } from './d-nics.ts';
import { others as e2, scenario as e } from './e-iso.ts';
import { scenario as f } from './f-slow.ts';
import { scenario as g } from './g-config.ts';
import { scenario as h } from './h-hardware.ts';
import { scenario as i } from './i-memory.ts';
import { scenario as j } from './j-dialects.ts';
import { scenario as k } from './k-kexec.ts';
import { scenario as l } from './l-extensions.ts';
import { chosenAtBoot as m2, scenario as m } from './m-prod.ts';
import { scenario as n, troubled as n3, uefi as n4, virtual as n2 } from './n-deploy.ts';
import { scenario as o } from './o-ironic.ts';
import { pxelinux as p2, scenario as p } from './p-foreman.ts';
import { scenario as q } from './q-lab-vm.ts';
import { scenario as r } from './r-vlan.ts';
import { scenario as s } from './s-watchdog.ts';
import { scenario as t } from './t-loop.ts';
import { scenario as u } from './u-bmc.ts';
import { byHttp as v2, fromIso as v3, scenario as v } from './v-secure-boot.ts';
import { scenario as w } from './w-ironic-live.ts';
import { scenario as x5 } from './x-arm64-hardware.ts';
import { answers as y, whole as debianInstall, wholeByUefi as debianInstallUefi } from './y-debian.ts';
import { byHttp as x4, fromIso as x2, scenario as x, secureBoot as x3 } from './x-arm64.ts';
import { scenario as z, uefi as z2 } from './z-image.ts';

export const SCENARIOS: readonly Scenario[] = [
  a,
  b,
  b2,
  b3,
  c,
  d,
  e,
  e2,
  f,
  g,
  h,
  i,
  j,
  k,
  l,
  m,
  m2,
  n,
  n2,
  n3,
  n4,
  o,
  p,
  p2,
  q,
  r,
  s,
  t,
  u,
  v,
  v2,
  v3,
  w,
  x,
  x2,
  x3,
  x4,
  x5,
  y,
  debianInstall,
  debianInstallUefi,
  z,
  z2,
];
