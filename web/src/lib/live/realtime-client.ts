// A module of its own, so that the client is a chunk that is loaded after the page stands.
export { RealtimeClient } from '@supabase/supabase-js';
