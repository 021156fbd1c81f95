/** Names that Foreman drops before it looks at anything (docs/contracts/foreman.md#what-foreman-does-with-them, 1). */
export const DROPPED = /kernel|operatingsystem|osfamily|ruby|path|time|swap|free|filesystem/i;
