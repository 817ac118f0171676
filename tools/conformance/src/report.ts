import { z } from 'zod';

/** How a spec ended. Pending specs are skipped ones. */
export type Outcome = 'passed' | 'failed' | 'skipped';

export interface SpecResult {
  /** The containers' texts and the spec's own, joined by a space. */
  readonly spec: string;
  readonly outcome: Outcome;
  readonly seconds: number;
  /** Why it failed or was skipped, in one line. */
  readonly reason: string;
}

const failureSchema = z.object({ Message: z.string().optional(), ForwardedPanic: z.string().optional() });
const specSchema = z.object({
  ContainerHierarchyTexts: z.array(z.string()).nullable(),
  LeafNodeType: z.string(),
  LeafNodeText: z.string(),
  State: z.string(),
  RunTime: z.number(),
  Failure: failureSchema.optional(),
});
const reportSchema = z.array(z.object({ SpecReports: z.array(specSchema).nullable() }));

type Spec = z.infer<typeof specSchema>;

const NANOSECONDS = 1e9;

/**
 * Reads ginkgo's JSON report. A failed set-up of the whole suite is a failure of its own name; specs that
 * were not selected are left out.
 */
export function readReport(report: unknown, selected: (spec: string) => boolean): readonly SpecResult[] {
  const specs = reportSchema.parse(report).flatMap(({ SpecReports }) => SpecReports ?? []);
  return specs
    .filter((spec) => (spec.LeafNodeType === 'It' ? selected(nameOf(spec)) : outcomeOf(spec) === 'failed'))
    .map((spec) => ({
      spec: nameOf(spec),
      outcome: outcomeOf(spec),
      seconds: spec.RunTime / NANOSECONDS,
      reason: reasonOf(spec),
    }))
    .sort((a, b) => (a.spec < b.spec ? -1 : 1));
}

const nameOf = ({ ContainerHierarchyTexts, LeafNodeText, LeafNodeType }: Spec): string =>
  [...(ContainerHierarchyTexts ?? []), LeafNodeText === '' ? `[${LeafNodeType}]` : LeafNodeText].join(' ');

function outcomeOf({ State }: Spec): Outcome {
  if (State === 'passed') return 'passed';
  return State === 'skipped' || State === 'pending' ? 'skipped' : 'failed';
}

const reasonOf = ({ Failure, State }: Spec): string =>
  (Failure?.ForwardedPanic ?? Failure?.Message ?? (State === 'passed' ? '' : State))
    .replaceAll(/\s+/g, ' ')
    .trim();
