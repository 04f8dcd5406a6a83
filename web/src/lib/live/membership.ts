/** Whether the user is still in a workspace. Where that cannot be found out, it is taken to be so. */
export async function isStillMember(workspaceId: string): Promise<boolean> {
  const response = await fetch(`/api/workspaces/${workspaceId}`).catch(() => null);
  return response?.status !== 404;
}
