import { watch } from 'node:fs';

const QUIET_MS = 150;

/**
 * Calls `onChange` once after each burst of changes to sources below the folders; tests don't count.
 * @returns stops watching
 */
export function watchSources(folders: string[], onChange: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const watchers = folders.map((folder) =>
    watch(folder, { recursive: true }, (_event, file) => {
      if (file === null || !isSource(file)) return;
      clearTimeout(timer);
      timer = setTimeout(onChange, QUIET_MS);
    }),
  );
  return () => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
}

function isSource(file: string): boolean {
  return /\.(ts|js|mjs|json)$/.test(file) && !/\.test\.ts$/.test(file);
}
