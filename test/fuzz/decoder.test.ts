import { test } from 'node:test';
import * as frames from '../../shared/frame.ts';
import { checkProperty } from '../harness/property.ts';
import { decoderProperty } from './decoder-property.ts';
import { runs } from './runs.ts';

test('any stream, in any chunks, is cut into its frames or refused', async (t) => {
  await checkProperty(t, decoderProperty(frames), runs.decoder);
});
