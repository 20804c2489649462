// A chart that keeps its node, its zoom and a drag in progress through updates.
// A colour written "$accent" is resolved against the page's tokens, so one figure serves light and dark.
const NARROW = 480;
let loading;

const load = src => window.Plotly ? Promise.resolve(window.Plotly) : (loading ??= new Promise((done, fail) => {
  const tag = document.createElement('script');
  tag.src = src;
  tag.onload = () => done(window.Plotly);
  tag.onerror = () => { loading = null; tag.remove(); fail(new Error('can\'t load ' + src)); };
  document.head.append(tag);
}));

const paint = (value, colour) => {
  if (typeof value === 'string') return value[0] === '$' && value.length > 1 ? colour(value.slice(1)) : value;
  if (Array.isArray(value)) return value.map(item => paint(item, colour));
  if (value && typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, paint(item, colour)]));
  return value;
};

const draw = el => {
  const { figure, src, alt, height } = el.tally;
  if (el.revision !== figure.layout.uirevision) el.zoomed = false;   // another filter: Plotly forgets the zoom too
  el.revision = figure.layout.uirevision;
  el.style.height = height + 'px';
  el.setAttribute('aria-label', alt);
  const known = {};
  const colour = name => known[name] ??= (el.probe.style.color = `var(--ts-${name})`, getComputedStyle(el.probe).color);
  return load(src).then(Plotly => {
    if (!el.isConnected) return;
    const { data: wide, layout, narrow } = paint(figure, colour);
    el.narrow = el.clientWidth < NARROW;
    const { data = wide, height: tall = height, ...changes } = el.narrow && narrow || {};
    Object.assign(layout, changes);
    el.style.height = tall + 'px';
    layout.uirevision += '#' + el.resets;
    if (el.zoomed) for (const key of ['dtick', 'tick0']) delete layout.xaxis?.[key];   // fixed steps are for the whole range
    if (el.classList.contains('ts-words')) unsay(el, Plotly);
    const made = Plotly.react(el, data, layout, { displayModeBar: false, responsive: true, doubleClick: false });
    if (!el.listening) listen(el);
    return made;
  }).catch(() => { el.classList.add('ts-words'); el.textContent = alt; });             // no chart code: the words remain
};

// Takes the words of a failed load away, with what Plotly may have drawn before, so that it draws from nothing.
const unsay = (el, Plotly) => {
  Plotly.purge(el);
  el.textContent = '';
  el.classList.remove('ts-words');
  el.listening = false;
};

const listen = el => {
  el.listening = true;
  el.on('plotly_relayout', event => {
    if (!el.zoomed && 'xaxis.range[0]' in event) { el.zoomed = true; draw(el); }
  });
  // Plotly's own reset goes back to the first range it ever saw; the window has moved on since.
  el.on('plotly_doubleclick', () => { el.zoomed = false; el.resets += 1; draw(el); });
};

export default function ({ data, parentElement }) {
  const el = parentElement.querySelector('.ts-chart');
  el.probe = parentElement.querySelector('.ts-probe');
  el.resets ??= 0;
  el.tally = data;
  draw(el);
  if (!el.watch) {
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    const repaint = () => draw(el);
    const size = new ResizeObserver(() => { if (el.narrow !== undefined && el.narrow !== el.clientWidth < NARROW) draw(el); });
    scheme.addEventListener('change', repaint);
    size.observe(el);
    el.watch = () => { scheme.removeEventListener('change', repaint); size.disconnect(); };
  }
  // Runs when the chart leaves the page, not on updates.
  return () => { el.watch?.(); el.watch = null; el.listening = false; window.Plotly?.purge(el); };
}
