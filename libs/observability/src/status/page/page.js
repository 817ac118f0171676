// @ts-check
/* The node as it lives: each message of /events is a whole picture of it, and the page is made anew from it. */

/**
 * @typedef {{ name: string, default: boolean, backend: string, version: string, healthy: boolean,
 *   message: string, creating: number, waiting: number }} Handler
 * @typedef {{ name: string, state: string, attempt: number, reason?: string, exitCode?: number }} Container
 * @typedef {{ id: string, namespace: string, name: string, handler: string, state: string, createdAt: string,
 *   ips: string[], containers: Container[] }} Pod
 * @typedef {{ name: string, enabled: boolean, arms: string[] }} Experiment
 * @typedef {{ version: string, handlers: Handler[], experiments: Experiment[], pods: Pod[] }} Snapshot
 */

/** @type {Snapshot | undefined} */
let node;

const byId = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const filter = /** @type {HTMLInputElement} */ (byId('filter'));

/** @param {string} tag @param {string} text @param {string} [className] */
function element(tag, text, className = '') {
  const made = document.createElement(tag);
  made.textContent = text;
  if (className !== '') made.className = className;
  return made;
}

/** @param {string} id */
const fromTemplate = (id) =>
  /** @type {HTMLElement} */ (
    /** @type {HTMLTemplateElement} */ (byId(id)).content.firstElementChild?.cloneNode(true)
  );

/** @param {number} count @param {string} noun */
const plural = (count, noun) => (count === 1 ? noun : `${noun}s`);

const STATES = {
  ready: ['ready', 'good'],
  notReady: ['not ready', 'bad'],
  creating: ['creating', 'busy'],
  removing: ['removing', 'busy'],
};

/** @param {string} since */
function age(since) {
  const seconds = Math.max(0, Math.round((Date.now() - Date.parse(since)) / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3_600)} h` : `${Math.floor(seconds / 86_400)} d`;
}

/** @param {Snapshot} now */
function showTotals({ handlers, pods }) {
  const running = pods.flatMap(({ containers }) => containers).filter(({ state }) => state === 'running');
  const figures = [
    [String(pods.length), plural(pods.length, 'pod')],
    [String(running.length), `running ${plural(running.length, 'container')}`],
    [`${handlers.filter(({ healthy }) => healthy).length} of ${handlers.length}`, 'handlers healthy'],
  ];
  byId('totals').replaceChildren(
    ...figures.map(([value, name]) => {
      const pair = document.createElement('div');
      pair.append(element('dt', name ?? ''), element('dd', value ?? ''));
      return pair;
    }),
  );
}

/** @param {Handler} handler @param {readonly Pod[]} pods */
function handlerCard(handler, pods) {
  const card = fromTemplate('handler-card');
  const part = (/** @type {string} */ name) =>
    /** @type {HTMLElement} */ (card.querySelector(`[data-${name}]`));
  const own = pods.filter((pod) => pod.handler === handler.name).length;
  card.classList.toggle('unhealthy', !handler.healthy);
  part('name').textContent = handler.name;
  part('tags').append(element('span', handler.healthy ? 'healthy' : 'unhealthy', 'tag state'));
  if (handler.default) part('tags').append(' ', element('span', 'default', 'tag'));
  part('backend').textContent = [handler.backend, handler.version].filter(Boolean).join(' · ');
  part('pods').textContent = String(own);
  part('pods-word').textContent = plural(own, 'pod');
  if (handler.creating + handler.waiting > 0)
    part('queue').textContent = `${handler.creating} being created, ${handler.waiting} waiting`;
  part('message').textContent = handler.message;
  return card;
}

/** @param {Container} container */
function containerText({ name, state, attempt, reason, exitCode }) {
  const restarts = attempt > 0 ? `, restart ${attempt}` : '';
  if (state === 'running') return element('span', `${name}${restarts}`, 'container');
  const how = state === 'exited' ? `${reason ?? 'ended'} ${exitCode ?? ''}`.trim() : state;
  const failed = state === 'unknown' || (state === 'exited' && exitCode !== 0);
  return element('span', `${name} (${how}${restarts})`, `container ${failed ? 'bad' : 'quiet'}`);
}

/** @param {Pod} pod */
function podRow({ id, namespace, name, state, containers, ips, createdAt }) {
  const [word = state, colour = ''] = STATES[/** @type {keyof typeof STATES} */ (state)] ?? [];
  const row = document.createElement('tr');
  const list = document.createElement('td');
  list.append(...containers.map(containerText));
  const ageCell = element('td', age(createdAt), 'number');
  ageCell.dataset['since'] = createdAt;
  ageCell.title = createdAt;
  const idCell = element('td', id.slice(0, 13), 'mono');
  idCell.title = id;
  row.append(
    element('td', namespace),
    element('td', name),
    element('td', word, colour),
    list,
    element('td', ips.join(', '), 'mono'),
    ageCell,
    idCell,
  );
  return row;
}

/** @param {string} handler @param {readonly Pod[]} pods */
function podTable(handler, pods) {
  const table = fromTemplate('pod-table');
  /** @type {HTMLElement} */ (table.querySelector('caption')).textContent =
    `${handler}: ${pods.length} ${plural(pods.length, 'pod')}`;
  table.querySelector('tbody')?.append(...pods.map(podRow));
  return table;
}

/** @param {Snapshot} now */
function showPods({ pods }) {
  const words = filter.value.toLowerCase().trim();
  const found = pods.filter(({ id, namespace, name, ips }) =>
    [id, namespace, name, `${namespace}/${name}`, ...ips].some((text) => text.toLowerCase().includes(words)),
  );
  const tables = [...Map.groupBy(found, ({ handler }) => handler)]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([handler, own]) => podTable(handler, own));
  const nothing = pods.length === 0 ? 'There are no pods on this node.' : `No pod matches “${filter.value}”.`;
  byId('pods').replaceChildren(...(tables.length > 0 ? tables : [element('p', nothing, 'empty')]));
}

/** A frame is kept while its experiment is: making it anew would make its report flicker. @param {Snapshot} now */
function showExperiments({ experiments }) {
  byId('experiments-section').hidden = experiments.length === 0;
  const names = experiments.map(
    ({ name, enabled, arms }) => `${name}${enabled ? '' : ' (off)'}: ${arms.join(' against ')}`,
  );
  const holder = byId('experiments');
  if (holder.dataset['shown'] === names.join('\n')) return;
  holder.dataset['shown'] = names.join('\n');
  holder.replaceChildren(
    ...experiments.flatMap(({ name }, index) => {
      const frame = document.createElement('iframe');
      frame.src = `/experiments/${encodeURIComponent(name)}`;
      frame.title = `Comparison of the arms of ${name}`;
      return [element('h3', names[index] ?? name), frame];
    }),
  );
}

function show() {
  if (node === undefined) return;
  const now = node;
  byId('version').textContent = now.version;
  showTotals(now);
  byId('handlers').replaceChildren(...now.handlers.map((handler) => handlerCard(handler, now.pods)));
  showExperiments(now);
  showPods(now);
}

/** @param {string} text @param {boolean} lost */
function tell(text, lost) {
  const line = byId('connection');
  line.classList.toggle('lost', lost);
  if (line.textContent !== text) line.textContent = text;
}

const events = new EventSource('/events');
events.addEventListener('message', ({ data }) => {
  node = JSON.parse(data);
  tell('live', false);
  show();
});
// The browser connects again by itself; what is shown until then is old.
events.addEventListener('error', () =>
  tell('connection lost: what you see may be old; trying again …', true),
);

filter.addEventListener('input', show);
// A report costs the node some work, so none is asked for while nobody looks.
setInterval(() => {
  if (document.hidden) return;
  for (const frame of document.querySelectorAll('iframe')) {
    const { scrollY = 0 } = frame.contentWindow ?? {};
    frame.addEventListener('load', () => frame.contentWindow?.scrollTo(0, scrollY), { once: true });
    frame.contentWindow?.location.reload();
  }
}, 10_000);
setInterval(() => {
  for (const cell of document.querySelectorAll('td[data-since]'))
    cell.textContent = age(/** @type {HTMLElement} */ (cell).dataset['since'] ?? '');
}, 1_000);
