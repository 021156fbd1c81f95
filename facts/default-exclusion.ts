/** The pattern of a server that nobody changed. Apart from its engine, which costs 7 ms to load. */

/** What a Razor 0.x server pushes when nobody changed it (spec: Razor 0.x, section 3). */
export const DEFAULT_EXCLUSION =
  '(^facter.*$)|(^id$)|(^kernel.*$)|(^memoryfree$)|(^operating.*$)|(^osfamily$)|(^path$)|(^ps$)|(^ruby.*$)|(^selinux$)|(^ssh.*$)|(^swap.*$)|(^timezone$)|(^uniqueid$)|(^uptime.*$)|(.*json_str$)';
