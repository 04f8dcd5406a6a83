import lighthouse, { desktopConfig } from 'lighthouse';

const CATEGORIES = ['performance', 'accessibility', 'best-practices', 'seo'] as const;

export interface Audit {
  page: string;
  form: 'desktop' | 'mobile';
  /** From 0 to 100, in the order of Lighthouse: performance, accessibility, best practices, SEO. */
  scores: number[];
}

/**
 * Runs Lighthouse in a browser that is open already.
 * @param port of its DevTools
 * @throws Error where Lighthouse gives nothing
 */
export async function audit(page: string, url: string, form: Audit['form'], port: number): Promise<Audit> {
  const flags = {
    port,
    logLevel: 'silent' as const,
    onlyCategories: [...CATEGORIES],
    disableStorageReset: true,
  };
  const config = form === 'desktop' ? desktopConfig : undefined;
  let lhr = (await lighthouse(url, flags, config))?.lhr;
  // Lighthouse sometimes misses the start of a page and gives 0 for what it hasn't seen.
  if (lhr?.runtimeError) lhr = (await lighthouse(url, flags, config))?.lhr;
  if (!lhr || lhr.runtimeError)
    throw new Error(`Lighthouse gave nothing for ${url}: ${lhr?.runtimeError?.code}`);
  const { categories } = lhr;
  return { page, form, scores: CATEGORIES.map((name) => Math.round((categories[name]?.score ?? 0) * 100)) };
}
