-- For a hosted project: gives every personal workspace that has no server yet a few public ones that ask for no
-- key. May run again: who deleted them all and wants none should not run it. `supabase db push --include-seed`.
insert into public.mcp_servers (workspace_id, user_id, name, slug, url, description, tags)
select w.id, w.created_by, s.name, s.slug, s.url, s.description, array['example']
from public.workspaces w, (
  values
    ('DeepWiki', 'deepwiki', 'https://mcp.deepwiki.com/mcp', 'Questions about public GitHub repositories.'),
    ('Cloudflare Docs', 'cloudflare-docs', 'https://docs.mcp.cloudflare.com/mcp', 'The documentation of Cloudflare.'),
    ('Microsoft Learn', 'microsoft-learn', 'https://learn.microsoft.com/api/mcp', 'The documentation of Microsoft.')
) as s (name, slug, url, description)
where w.is_personal and not exists (select from public.mcp_servers there where there.workspace_id = w.id);
