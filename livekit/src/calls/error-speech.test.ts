import { ERROR_CODES } from '@patchbay/shared/contract/errors';
import { expect, it } from 'vitest';
import { ERROR_SPEECH } from './error-speech.ts';

it.each(ERROR_CODES)('says what %s means after the name of a server', (code) => {
  expect(ERROR_SPEECH[code]).toMatch(/^[a-z][^.]*$/);
});
