import type { limits } from '../../shared/limits.ts';

const file = new URL('../../shared/limits.ts', import.meta.url).href;

/** Arguments for a daemon's node: other bounds than its own, so that a test need not wait for 30 seconds. */
export function withLimits(other: { [Limit in keyof typeof limits]?: number }): string[] {
  const source = `import { limits } from ${JSON.stringify(file)}; Object.assign(limits, ${JSON.stringify(other)});`;
  return ['--import', `data:text/javascript,${encodeURIComponent(source)}`];
}
