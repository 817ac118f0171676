import { BarChart } from 'echarts/charts';
import { GridComponent, LegendComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import type { Row } from './report.ts';

use([BarChart, GridComponent, LegendComponent, SVGRenderer]);

/** Told apart also by those who see few colours (Okabe and Ito). */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#56b4e9', '#e69f00'];
const WIDTH = 860;
const BAR_HEIGHT = 12;
const ROW_GAP = 10;
const MARGINS = 70;

/** Medians as bars on a logarithmic axis; an SVG image. */
export function barPlot(unit: string, subjects: readonly string[], rows: readonly Row[]): string {
  const height = MARGINS + rows.length * (subjects.length * BAR_HEIGHT + ROW_GAP);
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height });
  try {
    chart.setOption({
      animation: false,
      color: COLOURS,
      textStyle: { fontFamily: 'system-ui, sans-serif', fontSize: 11 },
      grid: {
        left: 8,
        right: 24,
        top: 30,
        bottom: 30,
        outerBoundsMode: 'same',
        outerBoundsContain: 'axisLabel',
      },
      legend: { top: 0, itemGap: 40, data: [...subjects] },
      xAxis: { type: 'log', name: unit, nameLocation: 'middle', nameGap: 20 },
      yAxis: { type: 'category', inverse: true, data: rows.map(({ measurement }) => measurement) },
      series: subjects.map((name, index) => ({
        type: 'bar',
        name,
        barWidth: BAR_HEIGHT - 3,
        data: rows.map(({ samples }) => shown(samples[index]?.percentile(0.5))),
        label: { show: true, position: 'insideRight', fontSize: 9, color: '#fff' },
      })),
    });
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}

/** A logarithmic axis has no place for nothing. */
const shown = (value: number | undefined): string | number =>
  value === undefined || !(value > 0) ? '-' : Number(value.toPrecision(3));
