import { hostname } from 'node:os';
import { html, type Html, join, raw, STYLE } from '@crihub/experiment/render';
import { medianPlots, ratioPlots } from './plots.ts';
import { cell, type Row, rowsOf, type SuiteResult } from './report.ts';

/** A column for each subject needs more room than a text. */
const WIDER = 'body { max-width: 1200px; } table { font-size: 12px; }';

/** All figures as one page that needs nothing else, on a screen or on paper. */
export function renderPage(results: readonly SuiteResult[], now = new Date()): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>crihub beside its peers</title>
        <style>
          ${raw(STYLE + WIDER)}
        </style>
      </head>
      <body>
        <h1>crihub beside its peers</h1>
        <p>
          ${hostname()}, ${now.toISOString().slice(0, 16)} UTC. Bars are medians, or their ratios to the first
          column's, on logarithmic axes.
        </p>
        ${join(results.map(section))}
      </body>
    </html>`.text;
}

function section(result: SuiteResult): Html {
  const rows = rowsOf(result);
  const names = result.subjects.map(({ name }) => name);
  const plots = [...ratioPlots(names, rows), ...medianPlots(names, rows)];
  return html`<section>
    <h2>${result.suite}</h2>
    <p>${result.about}</p>
    <div class="plots">${raw(plots.join('\n'))}</div>
    ${table(names, rows)}
  </section>`;
}

function table(names: readonly string[], rows: readonly Row[]): Html {
  const head = [...names].map((name) => html`<th>${name}</th>`);
  const body = rows.map(({ measurement, unit, count, samples }) => {
    const cells = samples.map(
      (one, index) => html`<td>${cell(one, index === 0 ? undefined : samples[0])}</td>`,
    );
    return html`<tr>
      <td class="text">${measurement}</td>
      <td>${String(count)}</td>
      <td class="text">${unit}</td>
      ${join(cells)}
    </tr>`;
  });
  return html`<table>
    <thead>
      <tr>
        <th>p50 / p99 (ratio)</th>
        <th>samples</th>
        <th class="text">unit</th>
        ${join(head)}
      </tr>
    </thead>
    <tbody>
      ${join(body)}
    </tbody>
  </table>`;
}
