import type { TestProject } from 'vitest/node';
import { startMigratedDatabase } from './migrated-database.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    databaseUrl: string;
  }
}

/** One database for all suites: each makes users of its own, or rolls back. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const database = await startMigratedDatabase();
  project.provide('databaseUrl', database.url);
  return () => database.stop();
}
