// Filling in translated sentences.

const language = document.documentElement.lang;
const plural = new Intl.PluralRules(language);

export function fill(text, values) {
  const form = typeof text === "string" ? text : (text[plural.select(values.n)] ?? text.other);
  return form.replace(/%\((\w+)\)s/g, (_, name) => values[name] ?? "");
}
