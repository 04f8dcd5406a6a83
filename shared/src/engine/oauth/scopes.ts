import { computeScopeUnion } from '@modelcontextprotocol/client';
import type { Discovery } from './discovery.ts';
import type { Grant } from './grant.ts';

/** Scopes that a sign-in asks for beyond those that the server names to whoever isn't signed in. */
export interface EarlierScopes {
  /** Those of the sign-in before, which a new one doesn't give up (SEP-2350). */
  known: string | null;
  /** What that lacked; null: nothing; blank: the server did not say what. */
  wanted: string | null;
}

/** What a new sign-in asks for because of the one before. */
export function scopesOf({
  tokens,
  requested_scope,
  wanted_scope,
}: Pick<Grant, 'tokens' | 'requested_scope' | 'wanted_scope'>): EarlierScopes {
  const known = computeScopeUnion(requested_scope ?? undefined, tokens.scope) ?? null;
  return { known, wanted: wanted_scope };
}

/**
 * The scopes that a sign-in asks for: what the server names to whoever isn't signed in, what the sign-in before had, and
 * what it lacked. If the server doesn't say what that is: all that it lists.
 * @returns undefined when nobody names any
 */
export function scopeToAsk({ scope, state }: Discovery, earlier: EarlierScopes | null): string | undefined {
  const { known, wanted } = earlier ?? {};
  const listed = wanted === '' ? state.resourceMetadata?.scopes_supported?.join(' ') : undefined;
  return computeScopeUnion(...[scope, known, wanted, listed].map((one) => one ?? undefined));
}
