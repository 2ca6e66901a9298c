import { limits } from './limits.ts';

/** How long events of a type, of a source, or of both are kept. */
export interface RetentionRule {
  type?: string;
  source?: string;
  days: number;
}

/** Days that events can be kept. */
export const retentionDaysRange = { least: 0.01, most: 36_500 } as const;

/** What is wrong with a list of rules, and where; undefined when nothing is. Each may stand for a type and source only once. */
export function retentionRulesProblem(value: unknown): string | undefined {
  if (!Array.isArray(value)) return 'must be a list of rules such as {"type": "clipboard", "days": 7}';
  if (value.length > limits.retentionRules) return `must have at most ${limits.retentionRules} rules`;
  const seen = new Map<string, number>();
  for (const [index, rule] of value.entries()) {
    const problem = ruleProblem(rule);
    if (problem !== undefined) return `[${index}]${problem}`;
    const { type = null, source = null } = rule as RetentionRule;
    const events = JSON.stringify([type, source]);
    const earlier = seen.get(events);
    if (earlier !== undefined) return `[${index}] is for the same events as [${earlier}]; take one of them out`;
    seen.set(events, index);
  }
  return undefined;
}

function ruleProblem(rule: unknown): string | undefined {
  if (typeof rule !== 'object' || rule === null || Array.isArray(rule)) return ' must be a map';
  const unknown = Object.keys(rule).find((key) => !['type', 'source', 'days'].includes(key));
  if (unknown !== undefined) return `: ${JSON.stringify(unknown)} is no key of a rule; those are type, source and days`;
  const { type, source, days } = rule as { [key: string]: unknown };
  for (const [key, name] of Object.entries({ type, source })) {
    if (name === undefined) continue;
    if (typeof name !== 'string' || name === '' || Buffer.byteLength(name) > limits.nameBytes) {
      return `.${key} must be a name of 1 to ${limits.nameBytes} bytes`;
    }
  }
  if (type === undefined && source === undefined) return ' must have a type, a source or both';
  const { least, most } = retentionDaysRange;
  if (typeof days !== 'number' || !(days >= least && days <= most))
    return `.days must be a number from ${least} to ${most}`;
  return undefined;
}
