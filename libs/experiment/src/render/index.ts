export { formatComparison, formatValue, percent } from './format.ts';
export { html, Html, join, raw, STYLE } from './html.ts';
export { titleOf } from './metric-titles.ts';
export { renderPage } from './page.ts';
export { boxPlot, cumulativePlot } from './plots.ts';
