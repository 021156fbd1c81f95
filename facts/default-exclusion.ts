/** The pattern of a server that nobody changed. Apart from its engine, which costs 7 ms to load. */

/** What a Razor 0.x server pushes when nobody changed it (docs/contracts/razor-0.x.md#pushed-configuration). */
export const DEFAULT_EXCLUSION =
  '(^facter.*$)|(^id$)|(^kernel.*$)|(^memoryfree$)|(^operating.*$)|(^osfamily$)|(^path$)|(^ps$)|(^ruby.*$)|(^selinux$)|(^ssh.*$)|(^swap.*$)|(^timezone$)|(^uniqueid$)|(^uptime.*$)|(.*json_str$)';
