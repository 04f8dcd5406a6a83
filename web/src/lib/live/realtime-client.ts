// A separate module, so the client becomes a chunk that loads after the first paint.
export { RealtimeClient } from '@supabase/supabase-js';
