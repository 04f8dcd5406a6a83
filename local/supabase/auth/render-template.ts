/**
 * Fills an email template as Auth does with Go's html/template, for the one form that ours use: `{{ .Name }}`. In the
 * query of a link a value is encoded, everywhere else it is text.
 * @throws Error for a name that there is no value for
 */
export function renderTemplate(template: string, values: Record<string, string>): string {
  return template.replace(/\{\{ \.(\w+) \}\}/g, (_, name: string, offset: number) => {
    const value = values[name];
    if (value === undefined) throw new Error(`The template has a value that is not known: ${name}`);
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
