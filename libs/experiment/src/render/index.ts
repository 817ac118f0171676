export { formatComparison, formatValue, percent } from './format.ts';
export { titleOf } from './metric-titles.ts';
export { renderPage } from './page.ts';
export { boxPlot, cumulativePlot } from './plots.ts';
