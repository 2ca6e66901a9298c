import * as fc from 'fast-check';
import type { Json } from '../../shared/event.ts';

/** Names that objects have anyway: as keys they are data like any other. */
export const inheritedNames = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf', 'length', ''];

/** Strings of whole code points, long ones and ones of several bytes a character among them. */
export const texts = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 400 }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom('a', 'é', '北', '🙂', '\0'), fc.constantFrom(15, 16, 31, 32, 63, 64, 128, 255, 256))
      .map(([character, count]) => character.repeat(count)),
  },
);

export const finiteNumbers = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.float({ noNaN: true, noDefaultInfinity: true }),
  fc
    .tuple(
      fc.constantFrom(2 ** 5, 2 ** 7, 2 ** 8, 2 ** 15, 2 ** 16, 2 ** 31, 2 ** 32, 2 ** 53),
      fc.integer({ min: -2, max: 1 }),
    )
    .chain(([power, offset]) => fc.constantFrom(power + offset, -(power + offset))),
);

const keys = fc.oneof({ weight: 5, arbitrary: texts }, { weight: 1, arbitrary: fc.constantFrom(...inheritedNames) });

/** Whatever JSON holds. Maps are plain objects whose keys are all their own, `__proto__` too. */
export const jsonValues: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    finiteNumbers,
    texts,
    fc.array(tie('value'), { maxLength: 20 }),
    fc.array(fc.tuple(keys, tie('value')), { maxLength: 20 }).map((entries) => Object.fromEntries(entries)),
  ),
})).value;

/** The value with each -0 as 0: JSON and the encoder keep no sign of zero. */
export function withoutMinusZero(value: Json): Json {
  if (typeof value === 'number') return value === 0 ? 0 : value;
  if (Array.isArray(value)) return value.map(withoutMinusZero);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutMinusZero(inner)]));
}
