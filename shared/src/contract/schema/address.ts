import { MAX_LENGTH } from '../max-length.ts';
import { refuse, textProblem, trimmedText, type FieldError } from './fields.ts';

/**
 * The form of an http(s) address: a host without a login in front of it, perhaps a port, and no white space. The same
 * expression is `private.is_address` in the database. Whether anything is there is for a connection test to find out.
 */
const ADDRESS = new RegExp(
  [
    '^[Hh][Tt][Tt][Pp][Ss]?://',
    String.raw`([^\u0001-\u0020\u007f-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff/?#@\\:\[\]<>^|%]+|\[[0-9A-Fa-f:.]+\])`,
    '(:(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5]?[0-9]{1,4})?)?',
    String.raw`([/?#][^\u0009-\u000d\u0020\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]*)?$`,
  ].join(''),
);
const LOGIN = /^https?:\/\/[^/?#]*@/i;
const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*:/;
const HTTP = /^https?:\/\//i;

/** The address of something that Patchbay connects to; `required` says what to do where there is none. */
export function address(required: string) {
  return trimmedText(required).superRefine(refuse((value: string) => addressProblem(value, required)));
}

function addressProblem(value: string, required: string): FieldError | null {
  const problem = textProblem(value, { max: MAX_LENGTH.address, required });
  if (problem) return problem;
  if (LOGIN.test(value)) {
    return {
      code: 'secret_in_url',
      message: 'Remove the key from the URL and enter it as the credential.',
    };
  }
  if (SCHEME.test(value) && !HTTP.test(value)) {
    return { code: 'unsupported_scheme', message: 'The URL must start with https:// or http://.' };
  }
  if (!ADDRESS.test(value)) {
    return { code: 'bad_format', message: 'Enter a full URL, such as https://example.com/mcp.' };
  }
  return null;
}
