import type { ArmFigures, MetricReport, Report } from '../compare/index.ts';
import { formatComparison, formatValue, percent } from './format.ts';
import { html, type Html, join, raw, STYLE } from './html.ts';
import { titleOf } from './metric-titles.ts';
import { boxPlot, cumulativePlot } from './plots.ts';

const BOX_SIZE = { width: 420, height: 150 };
const CUMULATIVE_SIZE = { width: 420, height: 190 };

/** The whole report as one page that needs nothing else, on a screen or on paper. */
export function renderPage(report: Report): string {
  const { experiment, pods, excludedPods, metrics } = report;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${experiment}: comparison of handlers</title>
        <style>
          ${raw(STYLE)}
        </style>
      </head>
      <body>
        <h1>${experiment}</h1>
        <p>
          ${periodOf(report)} ${String(pods)} pods came to it, of which ${String(excludedPods)} took no part.
        </p>
        ${armTable(report)} ${exclusionTable(report)} ${join(metrics.map(metricSection))} ${notes(report)}
      </body>
    </html> `.text;
}

function periodOf({ from, to }: Report): string {
  if (from === undefined || to === undefined) return 'No pod has come to this experiment yet.';
  const time = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  return `From ${time(from)} to ${time(to)}.`;
}

function armTable({ arms }: Report): Html {
  const rows = arms.map(
    ({ arm, pods, units, failedPods, failures }) =>
      html`<tr>
        <th>${arm}</th>
        <td>${String(pods)}</td>
        <td>${String(units)}</td>
        <td>${String(failedPods)} (${percent(failedPods, pods)})</td>
        <td class="text">
          ${failures.map(({ phase, kind, count }) => `${phase}: ${kind} × ${String(count)}`).join(', ') || '–'}
        </td>
      </tr>`,
  );
  return html`<table>
    <thead>
      <tr>
        <th>arm</th>
        <th>pods</th>
        <th>units</th>
        <th>failed pods</th>
        <th class="text">failures</th>
      </tr>
    </thead>
    <tbody>
      ${join(rows)}
    </tbody>
  </table>`;
}

function exclusionTable({ exclusions }: Report): Html {
  if (exclusions.length === 0) return html``;
  const rows = exclusions.map(
    ({ handler, reason, pods }) =>
      html`<tr>
        <th>${handler}</th>
        <td class="text">${reason}</td>
        <td>${String(pods)}</td>
      </tr>`,
  );
  return html`<h2>Excluded before the draw</h2>
    <table>
      <thead>
        <tr>
          <th>because of</th>
          <th class="text">reason</th>
          <th>pods</th>
        </tr>
      </thead>
      <tbody>
        ${join(rows)}
      </tbody>
    </table>`;
}

function metricSection(metric: MetricReport): Html {
  const { title, meaning } = titleOf(metric.metric.name);
  return html`<section>
    <h2>${title}</h2>
    <p>${meaning}</p>
    ${figureTable(metric)}
    <div class="plots">${raw(boxPlot(metric, BOX_SIZE))}${raw(cumulativePlot(metric, CUMULATIVE_SIZE))}</div>
  </section>`;
}

function figureTable({ metric, arms }: MetricReport): Html {
  const row = ({ arm, summary, comparison }: ArmFigures, index: number): Html => {
    if (summary === undefined)
      return html`<tr>
        <th>${arm}</th>
        <td colspan="5" class="text">not measured</td>
      </tr>`;
    const cell = (value: number): Html => html`<td>${formatValue(value, metric.unit)}</td>`;
    const against = index === 0 ? '–' : formatComparison(comparison, metric.unit);
    return html`<tr>
      <th>${arm}</th>
      <td>${String(summary.count)}</td>
      ${cell(summary.p50)}${cell(summary.p90)}${cell(summary.p99)}
      <td class="text">${against}</td>
    </tr>`;
  };
  return html`<table>
    <thead>
      <tr>
        <th>arm</th>
        <th>n</th>
        <th>p50</th>
        <th>p90</th>
        <th>p99</th>
        <th class="text">difference of medians to ${arms[0]?.arm ?? ''}</th>
      </tr>
    </thead>
    <tbody>
      ${join(arms.map(row))}
    </tbody>
  </table>`;
}

const notes = ({ arms }: Report): Html =>
  html`<h2>How to read this</h2>
    <p>
      n counts units: each has one value, the median of its pods. Times are those of calls that succeeded.
      Differences are to ${arms[0]?.arm ?? 'the first arm'}, with a bootstrap 95 % interval (2,000 resamples)
      and the two-sided p-value of the rank-sum test; p-values are not corrected for the number of
      comparisons. Boxes show the quartiles and the median, whiskers the least and the greatest value. Failed
      pods count with the arm that they were given.
    </p>`;
