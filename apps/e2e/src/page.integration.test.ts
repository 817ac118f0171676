import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  buildImage,
  containerConfig,
  CriClient,
  createContainer,
  type DaemonProcess,
  podConfig,
  pullImage,
  removePod,
  runPod,
  startContainer,
  startCrihub,
  startFixtureRegistry,
  writeBridgeNetwork,
} from '@crihub/tool-fixtures';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';

/* The page of the daemon in a real browser. With CRIHUB_SCREENSHOTS=<directory> it leaves pictures to look at. */

const ADDRESS = '127.0.0.1:9671';
const CHROMIUM = '/usr/bin/chromium';
const FLAGS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];
/** Live means: without anybody doing anything, and soon. */
const SOON = { timeout: 15_000 };

let directory: string;
let started: AsyncDisposableStack;
let daemon: DaemonProcess;
let stopped = false;
let cri: CriClient;
let browser: Browser;
let page: Page;
const troubles: string[] = [];

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'crihub-page-'));
  started = new AsyncDisposableStack();
  const image = await buildImage('busybox');
  const { certsDirectory } = started.use(
    await startFixtureRegistry(path.join(directory, 'registry'), [image]),
  );
  const network = await writeBridgeNetwork(path.join(directory, 'cni'), {
    name: 'crihub-page-test',
    bridge: 'crihub-pg0',
    subnet: '10.92.0.0/16',
  });
  started.defer(async () => network.remove());
  daemon = await startCrihub({
    directory: path.join(directory, 'crihub'),
    network,
    certsDirectory,
    engines: { docker: '/no/docker.sock' },
    handlers: { trial: { experiment: { arms: { runc: 50, crun: 50 } } } },
    metricsAddress: ADDRESS,
  });
  started.defer(stopDaemon);
  cri = started.use(new CriClient(daemon.socket));
  await pullImage(cri, image.reference);
  browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  started.defer(async () => await browser.close());
  page = await browser.newPage({ viewport: { width: 1200, height: 800 } });
  page.on('console', (message) => {
    if (message.type() === 'error') troubles.push(message.text());
  });
  page.on('pageerror', (error) => troubles.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(`http://${ADDRESS}/`) && !request.url().startsWith('data:'))
      troubles.push(`asks elsewhere: ${request.url()}`);
  });
});

afterAll(async () => {
  await started.disposeAsync();
  await rm(directory, { recursive: true, force: true });
});

/** The last test stops it before the end. */
async function stopDaemon(): Promise<void> {
  if (!stopped) await daemon[Symbol.asyncDispose]();
  stopped = true;
}

async function picture(name: string): Promise<void> {
  const where = process.env['CRIHUB_SCREENSHOTS'];
  if (where === undefined) return;
  await mkdir(where, { recursive: true });
  await page.screenshot({ path: path.join(where, `${name}.png`), fullPage: true });
}

async function runHello(name: string, handler: string, script: string): Promise<string> {
  const pod = podConfig(name, path.join(directory, 'logs'));
  const id = await runPod(cri, pod, handler);
  const image = (await buildImage('busybox')).reference;
  const container = containerConfig('hello', image, ['sh', '-c', script]);
  await startContainer(cri, await createContainer(cri, id, container, pod));
  return id;
}

it('shows the handlers of a node without pods, and what is wrong with one', async () => {
  await page.goto(`http://${ADDRESS}/`);
  await page.getByText('There are no pods on this node.').waitFor(SOON);
  const docker = page.getByRole('listitem').filter({ hasText: 'docker' });
  expect(await docker.textContent()).toContain('unhealthy');
  expect(await docker.textContent()).toContain('/no/docker.sock');
  await picture('1-empty');
});

it('shows pods as they come, change and go', async () => {
  const shop = await runHello('shop', 'runc', 'sleep 1000');
  const row = page.getByRole('row').filter({ hasText: 'shop' });
  await row.getByText('ready', { exact: true }).waitFor(SOON);
  expect(await row.textContent()).toMatch(/10\.92\./);
  await runHello('batch', 'crun', 'exit 3');
  await page.getByRole('row').filter({ hasText: 'batch' }).getByText('Error 3').waitFor(SOON);
  expect(await page.getByRole('caption').allTextContents()).toEqual(['crun: 1 pod', 'runc: 1 pod']);
  await picture('2-light');
  await page.emulateMedia({ colorScheme: 'dark' });
  await picture('3-dark');
  await page.setViewportSize({ width: 420, height: 800 });
  await picture('4-narrow');
  await page.setViewportSize({ width: 1200, height: 800 });
  await removePod(cri, shop);
  await row.waitFor({ ...SOON, state: 'detached' });
});

it('shows how the arms of an experiment compare, as pods come', { timeout: 90_000 }, async () => {
  const report = page.frameLocator('iframe[title="Comparison of the arms of trial"]');
  await runHello('one', 'trial', 'sleep 1000');
  await report.getByText('1 pods came to it').waitFor({ timeout: 40_000 });
  await runHello('two', 'trial', 'sleep 1000');
  await report.getByText('2 pods came to it').waitFor({ timeout: 40_000 });
  await picture('6-experiment');
});

it('finds pods by their name', async () => {
  const find = page.getByRole('searchbox', { name: 'Find' });
  await find.fill('nothing like this');
  await page.getByText('No pod matches').waitFor(SOON);
  await find.fill('bat');
  await page.getByRole('row').filter({ hasText: 'batch' }).waitFor(SOON);
  await find.fill('');
});

it('asked nobody else for anything, and made no error', () => {
  expect(troubles).toEqual([]);
});

it('says when it no longer knows', async () => {
  await stopDaemon();
  await page.getByText('connection lost').waitFor(SOON);
  await picture('5-lost');
});
