import type { CredentialScope } from '@patchbay/shared/contract/schema/server';

/** Whom a sign-in is for. */
export const SIGN_IN_WORDS: Record<CredentialScope, string> = {
  workspace: 'The whole workspace uses this sign-in: every member’s conversations act with it.',
  member: 'This sign-in is yours alone: other members of the workspace sign in themselves.',
};
