/** Text that is HTML already. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** For what was made as markup: images, styles. */
export const raw = (text: string): Html => new Html(text);

export const join = (parts: readonly Html[]): Html => raw(parts.map(({ text }) => text).join('\n'));

/** Markup with values in it, escaped unless they are HTML. */
export const html = (strings: TemplateStringsArray, ...values: readonly (string | Html)[]): Html =>
  raw(
    String.raw(
      { raw: strings },
      ...values.map((value) => (value instanceof Html ? value.text : escape(value))),
    ),
  );

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');

export const STYLE = `
:root { color-scheme: light dark; }
body { font: 14px/1.45 system-ui, sans-serif; color: #1a1a1a; background: #fff; max-width: 900px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; }
h2 { font-size: 1.1rem; margin: 1.6rem 0 .25rem; }
p { margin: .25rem 0 .6rem; max-width: 70ch; }
table { border-collapse: collapse; margin: .4rem 0; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .75rem .2rem 0; text-align: right; white-space: nowrap; border-bottom: 1px solid #e5e5e5; }
th:first-child, .text { text-align: left; }
td.text { white-space: normal; }
thead th { font-weight: 600; color: #555; }
section { break-inside: avoid; }
.plots { display: flex; flex-wrap: wrap; gap: .5rem; align-items: flex-end; }
svg { max-width: 100%; height: auto; }
@media screen and (prefers-color-scheme: dark) {
  body { color: #e6e6e6; background: #14171c; }
  th, td { border-bottom-color: #343a44; }
  thead th { color: #9aa3ad; }
  svg { filter: invert(1) hue-rotate(180deg); } /* drawn for white paper: dark and light change places, hues stay */
}
@page { margin: 15mm; }
@media print { body { margin: 0; padding: 0; max-width: none; font-size: 11px; } .plots svg { width: 49%; } }
`;
