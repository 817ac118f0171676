import { BoxplotChart, LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent } from 'echarts/components';
import { type EChartsCoreOption, init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import type { MetricReport } from '../compare/index.ts';
import { scaleOf, significant } from './format.ts';

use([BoxplotChart, LineChart, GridComponent, LegendComponent, SVGRenderer]);

/** Told apart also by those who see few colours (Okabe and Ito), and in grey by their order. */
export const ARM_COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#56b4e9', '#e69f00'];
/** More points than this can't be told apart on the page. */
const MAX_STEPS = 200;

interface PlotSize {
  readonly width: number;
  readonly height: number;
}

/** Median, quartiles, and whiskers to the least and the greatest value, one box for each arm; an SVG image. */
export function boxPlot({ metric, arms }: MetricReport, size: PlotSize): string {
  const shown = arms.toReversed();
  const { factor, name } = scaleOf(metric.unit, largest(arms));
  return render(size, {
    xAxis: valueAxis(name),
    yAxis: {
      type: 'category',
      data: shown.map(({ arm }) => arm),
      axisTick: { show: false },
      axisLabel: { interval: 0 }, // each arm has its name, however many there are
    },
    series: [
      {
        type: 'boxplot',
        boxWidth: [8, 26],
        data: shown.map(({ arm, summary }) => ({
          value: summary
            ? [summary.min, summary.p25, summary.p50, summary.p75, summary.max].map((value) => value * factor)
            : [],
          itemStyle: { color: '#fff', borderWidth: 1.5, borderColor: colourOf(arms, arm) },
        })),
      },
    ],
  });
}

/** The share of values at or below each one, a line for each arm; an SVG image. */
export function cumulativePlot({ metric, arms }: MetricReport, size: PlotSize): string {
  const { factor, name } = scaleOf(metric.unit, largest(arms));
  return render(size, {
    legend: { top: 0, right: 8, itemWidth: 18, data: arms.map(({ arm }) => arm) },
    xAxis: valueAxis(name),
    yAxis: { type: 'value', min: 0, max: 100, axisLabel: { formatter: '{value} %' } },
    series: arms.map(({ arm, values }) => ({
      type: 'line',
      name: arm,
      step: 'end',
      symbol: 'none',
      lineStyle: { color: colourOf(arms, arm), width: 1.5 },
      itemStyle: { color: colourOf(arms, arm) },
      data: steps(values).map(([value, share]) => [value * factor, share]),
    })),
  });
}

function render({ width, height }: PlotSize, option: EChartsCoreOption): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    chart.setOption({
      animation: false,
      textStyle: { fontFamily: 'system-ui, sans-serif', fontSize: 11 },
      grid: { left: 8, right: 24, top: 24, bottom: 24, outerBoundsMode: 'same' },
      ...option,
    });
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}

const valueAxis = (name: string): object => ({
  type: 'value',
  name,
  nameLocation: 'middle',
  nameGap: 22,
  scale: true,
  splitLine: { lineStyle: { color: '#e5e5e5' } },
  axisLabel: { hideOverlap: true, formatter: (value: number) => significant(value) },
});

/** The empirical distribution as pairs of value and percentage, thinned out evenly. */
function steps(sorted: readonly number[]): readonly (readonly [number, number])[] {
  const stride = Math.max(1, Math.ceil(sorted.length / MAX_STEPS));
  const kept = sorted
    .map((value, index) => [value, (100 * (index + 1)) / sorted.length] as const)
    .filter((_pair, index) => index % stride === 0 || index === sorted.length - 1);
  const [first] = sorted;
  return first === undefined ? [] : [[first, 0], ...kept];
}

const colourOf = (arms: MetricReport['arms'], arm: string): string =>
  ARM_COLOURS[arms.findIndex((one) => one.arm === arm) % ARM_COLOURS.length] ?? '#000';

const largest = (arms: MetricReport['arms']): number =>
  arms.reduce((most, { summary }) => Math.max(most, summary?.max ?? 0), 0);
