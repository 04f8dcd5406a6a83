import type { CredentialScope } from '@patchbay/shared/contract/schema/server';

export const SIGN_IN_LABELS: Record<CredentialScope, string> = {
  workspace: 'This is a shared sign-in: the conversations of every member use it.',
  member: 'Only your conversations use this sign-in. Other members sign in themselves.',
};
