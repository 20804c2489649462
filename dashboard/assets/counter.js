// An amount that counts up to its new value. It comes as a text of minor units, since money may exceed 2^53.
const still = matchMedia('(prefers-reduced-motion: reduce)');
const DURATION = 900, PARTS = 10000n;

export default function ({ data, parentElement }) {
  const el = parentElement.querySelector('.ts-counter');
  const [sign, whole, cents] = ['.ts-sign', '.ts-whole', '.ts-cents'].map(name => el.querySelector(name));
  const unit = 10n ** BigInt(data.digits), goal = BigInt(data.minor);
  const size = amount => amount < 0n ? -amount : amount;
  el.setAttribute('aria-label', data.label);
  sign.textContent = (goal < 0n ? '\u2212' : '') + data.sign;

  // Width of the text in em, so that CSS can fit any amount into the panel: 100cqw / --em.
  const text = (size(goal) / unit).toLocaleString('en-US'), commas = text.split(',').length - 1;
  const tail = data.digits ? 0.35 + 0.33 * data.digits : 0;
  el.style.setProperty('--em', (0.58 * sign.textContent.length + tail + 0.625 * (text.length - commas) + 0.27 * commas).toFixed(2));

  const show = amount => {
    whole.textContent = (size(amount) / unit).toLocaleString('en-US');
    cents.textContent = data.digits ? '.' + String(size(amount) % unit).padStart(data.digits, '0') : '';
  };
  const from = BigInt(el.dataset.minor ?? data.minor), gap = goal - from, start = performance.now();
  el.dataset.minor = data.minor;
  cancelAnimationFrame(el.frame);
  if (gap <= 0n || still.matches || document.hidden) return show(goal);   // a correction jumps, it is not animated
  const step = now => {
    const part = Math.min(1, (now - start) / DURATION), eased = 1 - (1 - part) ** 3;
    show(part < 1 ? from + gap * BigInt(Math.round(eased * Number(PARTS))) / PARTS : goal);
    if (part < 1) el.frame = requestAnimationFrame(step);
  };
  el.frame = requestAnimationFrame(step);
}
