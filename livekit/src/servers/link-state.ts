import type { AppError } from '@patchbay/shared/contract/errors';

/** The states of a connection, and those of a link without one. */
export type LinkState =
  | { name: 'connecting' | 'discovering' | 'ready' | 'closed' }
  | { name: 'waiting' | 'needs_credentials'; error: AppError };
