/**
 * Decodes a path.
 * @returns null for a broken escape or a NUL, which no file system and no database accepts
 */
export function decodePath(pathname: string): string | null {
  try {
    const path = decodeURIComponent(pathname);
    return path.includes('\0') ? null : path;
  } catch {
    return null;
  }
}
