// Small pieces that pages share, with or without a server.

export const by = (id) => document.getElementById(id);

export function made(tag, text = "", classes = "") {
  const element = document.createElement(tag);
  element.textContent = text;
  if (classes) element.className = classes;
  return element;
}

export function tell(element, text) {
  element.textContent = text;
  element.hidden = !text;
}

export function clock(seconds, decimals = 0) {
  const units = Math.round(seconds * 10 ** decimals);
  const whole = Math.floor(units / 10 ** decimals);
  const fraction = decimals ? "." + String(units % 10 ** decimals).padStart(decimals, "0") : "";
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  const two = (number) => String(number).padStart(2, "0");
  return (hours ? `${hours}:${two(minutes)}` : String(minutes)) + ":" + two(whole % 60) + fraction;
}

// A canvas that is as sharp as the screen; returns its context and its size in CSS pixels.
export function sheet(canvas) {
  const scale = window.devicePixelRatio || 1;
  const { width, height } = canvas.getBoundingClientRect();
  const wide = Math.max(1, Math.round(width * scale));
  const high = Math.max(1, Math.round(height * scale));
  if (canvas.width !== wide || canvas.height !== high) {
    canvas.width = wide;
    canvas.height = high;
  }
  const pen = canvas.getContext("2d");
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, width, height);
  pen.font = '11px "JetBrains Mono", monospace';
  return { pen, width, height };
}

export const ink = (token) => getComputedStyle(document.documentElement).getPropertyValue(`--${token}`).trim();

// Where a ruler writes times: about `most` of them between two times.
export function ticks(start, stop, most) {
  const steps = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600];
  const step = steps.find((each) => (stop - start) / each <= most) ?? 7200;
  const decimals = step < 0.1 ? 2 : step < 1 ? 1 : 0;
  const found = [];
  for (let at = Math.ceil(start / step - 1e-9) * step; at <= stop + 1e-9; at += step) found.push([at, clock(at, decimals)]);
  return found;
}
