/** Versions of the wire protocol this build speaks, both ends inclusive. */
export const protocolVersions = { min: 1, max: 1 } as const;

/** Product version; kept equal to package.json by a test. */
export const daybookVersion = '0.1.0';

/**
 * What this daemon can do. A client asks for a capability by name and never derives it from a version number.
 */
export const daemonCapabilities = [
  'record',
  'query',
  'tail',
  'stats',
  'patterns',
  'gaps',
  'verify',
  'search',
  'where',
  'count',
  'cursors',
  'processed',
  'pattern-list',
  'samples',
  'housekeeping',
  'sources',
  'canary',
  'json-pages',
  'forget',
] as const;
