import { BarChart } from 'echarts/charts';
import { GridComponent, LegendComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';

use([BarChart, GridComponent, LegendComponent, SVGRenderer]);

/** Told apart also by those who see few colours (Okabe and Ito). */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#56b4e9', '#e69f00'];
const WIDTH = 1100;
const LABEL_WIDTH = 240;
const VALUE_WIDTH = 60;
const BAR_HEIGHT = 12;
const ROW_GAP = 10;
const MARGINS = 85;

/** One bar for each subject, undefined for those that have no value. */
export interface BarGroup {
  readonly label: string;
  readonly values: readonly (number | undefined)[];
}

export interface BarPlot {
  readonly axis: string;
  readonly subjects: readonly string[];
  readonly groups: readonly BarGroup[];
  /** Where bars begin; smaller values go to the left. A power of ten below all of them if absent. */
  readonly origin?: number;
}

/** Bars on a logarithmic axis; an SVG image. */
export function barPlot({ axis, subjects, groups, origin }: BarPlot): string {
  const height = MARGINS + groups.length * (subjects.length * BAR_HEIGHT + ROW_GAP);
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height });
  const start = origin ?? powerOfTenBelow(groups);
  try {
    chart.setOption({
      animation: false,
      color: COLOURS,
      textStyle: { fontFamily: 'system-ui, sans-serif', fontSize: 11 },
      // Nothing is moved for labels: each has its room, and breaks in it.
      grid: { left: LABEL_WIDTH + 10, right: VALUE_WIDTH, top: 30, bottom: 45, outerBoundsMode: 'none' },
      legend: { top: 0, itemGap: 40, data: [...subjects] },
      xAxis: {
        type: 'log',
        name: axis,
        nameLocation: 'middle',
        nameGap: 20,
        startValue: start,
        ...(origin === undefined ? { min: start } : {}),
      },
      yAxis: {
        type: 'category',
        inverse: true,
        data: groups.map(({ label }) => label),
        axisLabel: { width: LABEL_WIDTH, overflow: 'break', interval: 0 },
      },
      series: subjects.map((name, index) => ({
        type: 'bar',
        name,
        barWidth: BAR_HEIGHT - 3,
        data: groups.map(({ values }) => shown(values[index])),
        label: { show: true, position: 'right', fontSize: 9 },
      })),
    });
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}

/** A logarithmic axis has no place for nothing. */
const shown = (value: number | undefined): string | number =>
  value === undefined || !(value > 0) || value === Infinity ? '-' : Number(value.toPrecision(3));

function powerOfTenBelow(groups: readonly BarGroup[]): number {
  const values = groups.flatMap((group) => group.values.filter((value) => value !== undefined && value > 0));
  const smallest = Math.min(...values.map(Number));
  // A bit less, that the smallest has a bar too.
  return Number.isFinite(smallest) ? 10 ** Math.floor(Math.log10(smallest * 0.9)) : 1;
}
