/**
 * Renders an email template as Auth does with Go's html/template, but supports `{{ .Name }}` only. Values are URL-encoded
 * in the query of a link, and HTML-escaped elsewhere.
 * @throws Error for a name without a value
 */
export function renderTemplate(template: string, values: Record<string, string>): string {
  return template.replace(/\{\{ \.(\w+) \}\}/g, (_, name: string, offset: number) => {
    const value = values[name];
    if (value === undefined) throw new Error(`The template uses an unknown value: ${name}`);
    const isInQuery = /href="[^"]*\?[^"]*$/.test(template.slice(0, offset));
    return isInQuery ? encodeURIComponent(value) : escapeHtml(value);
  });
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
};

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
