-- The end of an account, by its own person: personal workspace, conversations and memberships go with it, and a
-- shared workspace gets another owner (private.settle_workspace).
create function public.delete_account() returns void
language sql security definer set search_path = ''
as $$
  delete from auth.users where id = auth.uid()
$$;

revoke all on function public.delete_account() from public, anon, authenticated;
grant execute on function public.delete_account() to authenticated;
