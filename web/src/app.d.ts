import type { ClientSchema } from '@patchbay/shared/contract/schema/database';
import type { TraceContext } from '@patchbay/shared/engine/tracing/trace-context';
import type { SupabaseClient } from '@supabase/supabase-js';

declare global {
  namespace App {
    interface Error {
      message: string;
      hint?: string;
    }
    interface PageState {
      /** The edit form tests its server as soon as it opens. */
      testAtOnce?: boolean;
    }
    interface Locals {
      trace: TraceContext;
      supabase: SupabaseClient<ClientSchema>;
      /** The verified user of this request; null for a visitor. */
      user: { id: string; email: string } | null;
      /** Short-lived; sent to edge functions and, by /api/access-token, to the browser. */
      accessToken: string | null;
      theme: import('$lib/theme.ts').Theme;
    }
  }
}

export {};
