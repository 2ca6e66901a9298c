/** What a .cpuprofile holds, as far as it is read here: a sample is the id of the node that ran, for the time behind it, µs. */
export interface CpuProfile {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[];
  samples: number[];
  timeDeltas: number[];
}

export interface SelfTime {
  what: string;
  ms: number;
}

/** Time in each function itself, without what it calls; most first. Waiting is not counted. */
export function selfTimes({ nodes, samples, timeDeltas }: CpuProfile): { rows: SelfTime[]; busyMs: number } {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const times = new Map<string, number>();
  samples.forEach((id, index) => {
    const name = names.get(id) ?? 'unknown';
    // The delta of a sample is the time since the one before it.
    times.set(name, (times.get(name) ?? 0) + (timeDeltas[index + 1] ?? 0) / 1000);
  });
  times.delete('(idle)');
  const rows = [...times].map(([what, ms]) => ({ what, ms })).toSorted((a, b) => b.ms - a.ms);
  return { rows, busyMs: rows.reduce((sum, { ms }) => sum + ms, 0) };
}

function nameOf({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  if (url === '') return functionName;
  const file = url.split('/').slice(-2).join('/');
  return `${functionName === '' ? '(anonymous)' : functionName} ${file}:${lineNumber + 1}`;
}
