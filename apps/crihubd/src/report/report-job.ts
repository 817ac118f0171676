/** What the thread is started with; it answers with a page. */
export interface ReportJob {
  /** The state database. */
  readonly database: string;
  readonly experiment: string;
  /** The first one is what the others are compared with. */
  readonly arms: readonly string[];
}
