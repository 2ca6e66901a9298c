import { readFileSync } from 'node:fs';
import { limits } from '../../shared/limits.ts';

export interface ConnectionBound {
  /** Connections that are served. */
  served: number;
  /** Connections beyond that which are told why they are not. */
  refused: number;
}

/**
 * How many connections there can be: not so many that no file descriptor is left for the database.
 * @param descriptors how many the process may have open; undefined when nobody knows
 */
export function connectionBound(descriptors: number | undefined): ConnectionBound {
  const room = Math.max((descriptors ?? Number.POSITIVE_INFINITY) - limits.reservedDescriptors, 2);
  const refused = Math.min(limits.refusalReserve, Math.ceil(room / 8));
  return { served: Math.min(limits.connections, room - refused), refused };
}

/** The bound of this process on open files, as the system has it. */
export function descriptorLimit(): number | undefined {
  // A report waits for every thread.
  const known =
    process.platform === 'linux' ? /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) : null;
  if (known !== null) return Number(known[1]);
  const { report: reporter } = process as { report: NodeJS.ProcessReport & { excludeNetwork?: boolean } };
  // Looking up the names of our own addresses could take seconds.
  reporter.excludeNetwork = true;
  const report = reporter.getReport() as { userLimits?: { open_files?: { soft?: unknown } } };
  const limit = Number(report.userLimits?.open_files?.soft);
  return Number.isSafeInteger(limit) ? limit : undefined;
}
