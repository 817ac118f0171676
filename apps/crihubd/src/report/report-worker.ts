/** A thread that compares the arms of one experiment: that takes seconds when there is much to compare. */
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { makeReport } from '@crihub/experiment/compare';
import { renderPage } from '@crihub/experiment/render';
import { MeasurementStore } from '@crihub/hub';
import type { ReportJob } from './report-job.ts';

const { database: file, experiment, arms } = workerData as ReportJob;
const database = new DatabaseSync(file, { readOnly: true });
const store = new MeasurementStore(database);
const [pods, measurements, footprints] = [
  [...store.pods(experiment)],
  [...store.phases(experiment)],
  [...store.footprints(experiment)],
];
database.close();
parentPort?.postMessage(renderPage(makeReport({ experiment, arms, pods, measurements, footprints })));
