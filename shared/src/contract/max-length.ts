/**
 * The longest text of each field, in characters: the schemas check it, and the page's inputs stop at it. The database has
 * the same limits; tests/database/agreement.test.ts compares them. No zod: the page loads this module.
 */
export const MAX_LENGTH = {
  /** Of a server, an agent or a workspace. */
  name: 80,
  address: 2_000,
  serverDescription: 2_000,
  oauthClientId: 500,
  tag: 40,
  systemPrompt: 20_000,
  greeting: 1_000,
  email: 320,
} as const;
