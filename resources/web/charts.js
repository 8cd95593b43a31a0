// The figures of the page Compare: what Plotly draws of the scores, and of the passages that are chosen.

import { clock, ink, ticks } from "./api.js";

// Told apart also without colour, by dash and symbol.
const STYLES = [
  ["undecided", "solid", "circle"],
  ["accepted", "dash", "square"],
  ["text", "dot", "diamond"],
  ["level", "dashdot", "triangle-up"],
  ["dim", "longdash", "x"],
];
export const BINS = 20;
const FEW = 8;  // passages that are lines of their own
const CONFIG = { displayModeBar: false, responsive: true, doubleClick: false, showTips: false };
const PLAIN = /[&<>]/g;

// Plotly takes tags in texts for its own.
export const plain = (text) => text.replace(PLAIN, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[sign]);
const short = (text, most) => plain(text.length > most ? `${text.slice(0, most - 1)}…` : text);
export const span = (passages, number) => `${clock(passages.start_s[number])} – ${clock(passages.stop_s[number])}`;
export const bin = (score) => Math.min(BINS - 1, Math.floor(score * BINS));
// A finger scrolls the page; a mouse drags over a plot to choose.
const dragged = (mode) => (matchMedia("(pointer: coarse)").matches ? false : mode);

function layout(parts) {
  const font = { family: '"Inter", system-ui, sans-serif', size: 11, color: ink("dim") };
  const axis = { gridcolor: ink("line"), zerolinecolor: ink("line"), linecolor: ink("line"), fixedrange: true, ...parts.axis };
  return {
    font, paper_bgcolor: ink("panel"), plot_bgcolor: ink("panel"), margin: { l: 40, r: 8, t: 8, b: 32 },
    hoverlabel: { bgcolor: ink("panel2"), bordercolor: ink("line"), font: { color: ink("text") } },
    legend: { orientation: "h", x: 0, y: 1, yanchor: "bottom", itemclick: false, itemdoubleclick: false, font: { color: ink("text") } },
    newselection: { line: { color: ink("text"), width: 1, dash: "dot" } },
    ...parts, xaxis: { ...axis, ...parts.xaxis }, yaxis: { ...axis, ...parts.yaxis }, axis: undefined,
  };
}

const pen = (number) => ({ color: ink(STYLES[number][0]), dash: STYLES[number][1], width: 1.5 });

export function curves(place, { recordings, tastes, odd }) {
  const rows = recordings.length;
  const each = Math.max(64, Math.min(220, 480 / rows));
  const height = rows * each + 60;
  const gap = 18 / height;
  const longest = Math.max(...recordings.map((one) => one.duration_s));
  const marks = ticks(0, longest, place.clientWidth / 90);
  const traces = [];
  const parts = {
    height, showlegend: true, hovermode: "x", dragmode: dragged("select"), selectdirection: "h", annotations: [],
    margin: { l: 32, r: 8, t: 34, b: 26 },
    xaxis: { range: [0, longest], tickvals: marks.map(([at]) => at), ticktext: marks.map(([, text]) => text), anchor: `y${rows === 1 ? "" : rows}` },
  };
  for (const [number, recording] of recordings.entries()) {
    const key = number ? number + 1 : "";
    const top = 1 - number / rows;
    parts[`yaxis${key}`] = {
      domain: [top - 1 / rows + gap / 4, top - gap], range: [0, 1.02], tickvals: each < 100 ? [0, odd] : [0, odd, 1], ticktext: ["0", odd.toFixed(2), "1"],
      gridcolor: ink("line"), zerolinecolor: ink("line"), fixedrange: true,
    };
    parts.annotations.push({
      text: short(recording.name, Math.max(16, place.clientWidth / 9)), showarrow: false, x: 0, xref: "paper", xanchor: "left",
      y: top - gap, yref: "paper", yanchor: "bottom", font: { color: ink("text") }, borderpad: 0,
    });
    for (const [taste, { times_s, scores }] of recording.curves.entries()) {
      traces.push({
        x: times_s, y: scores, yaxis: `y${key}`, name: plain(tastes[taste]), mode: "lines", line: pen(taste), customdata: times_s.map((at) => clock(at, 1)),
        showlegend: !number, legendgroup: String(taste), hovertemplate: "%{y:.2f} at %{customdata}",
      });
    }
  }
  return window.Plotly.react(place, traces, layout(parts), CONFIG);
}

// The chosen passages of each recording, neighbours as one: [recording, from, to].
export function runs(passages, chosen) {
  const found = [];
  for (const number of [...chosen].sort((one, other) => one - other)) {
    const last = found.at(-1);
    const [of, start, stop] = [passages.recording[number], passages.start_s[number], passages.stop_s[number]];
    if (last && last[0] === of && last[2] === start) last[2] = stop;
    else found.push([of, start, stop]);
  }
  return found;
}

export function curvesChosen(place, { passages }, chosen) {
  const paths = new Map();
  for (const [of, start, stop] of runs(passages, chosen)) {
    paths.set(of, `${paths.get(of) ?? ""}M${start},0L${start},1.02L${stop},1.02L${stop},0Z`);
  }
  const shapes = [...paths].map(([of, path]) => ({
    type: "path", path, xref: "x", yref: `y${of ? of + 1 : ""}`, fillcolor: ink("score-high"), opacity: 0.35,
    line: { width: 1, color: ink("score-line") },
  }));
  return window.Plotly.relayout(place, { shapes, selections: [] });
}

export function counts(scores, within) {
  const found = new Array(BINS).fill(0);
  for (const number of within) found[bin(scores[number])] += 1 / within.length;
  return found;
}

export function shares(place, { passages, tastes, odd }, chosen) {
  const every = passages.recording.map((_, number) => number);
  const some = [...chosen];
  // Half a step is drawn on each side of a point: to the edges, there is a point of its own.
  const x = [0, ...Array.from({ length: BINS }, (_, number) => (number + 0.5) / BINS), 1];
  const y = (scores, within) => { const all = counts(scores, within); return [all[0], ...all, all.at(-1)]; };
  const traces = tastes.map((name, taste) => ({
    x, y: y(passages.scores[taste], every), name: plain(name), mode: "lines+markers", line: { ...pen(taste), shape: "hvh" },
    marker: { size: 4, color: ink(STYLES[taste][0]), symbol: STYLES[taste][2] }, hovertemplate: "%{y:.1%} near %{x:.2f}",
    customdata: x.map(() => taste),
  }));
  const shapes = [{ type: "line", x0: odd, x1: odd, y0: 0, y1: 1, yref: "paper", line: { color: ink("dim"), width: 1, dash: "dot" } }];
  for (const taste of tastes.keys()) {
    const scores = passages.scores[taste];
    if (some.length > FEW) {
      traces.push({
        x, y: y(scores, some), mode: "lines", line: { ...pen(taste), width: 0, shape: "hvh" }, fill: "tozeroy",
        fillcolor: `${ink(STYLES[taste][0])}55`, showlegend: false, hoverinfo: "skip",
      });
    } else {
      shapes.push(...some.map((one) => ({ type: "line", x0: scores[one], x1: scores[one], y0: 0, y1: 1, yref: "paper", line: { ...pen(taste), width: 2 } })));
    }
  }
  const parts = {
    height: place.clientWidth < 400 ? 280 : 370, showlegend: true, hovermode: "closest", dragmode: dragged("select"), selectdirection: "h", shapes, selections: [],
    xaxis: { range: [0, 1], title: { text: "Score", standoff: 4 } }, yaxis: { rangemode: "tozero", tickformat: ".0%" },
    margin: { l: 40, r: 8, t: 34, b: 36 },
  };
  return window.Plotly.react(place, traces, layout(parts), CONFIG);
}

export function fitting({ passages, tastes }, number) {
  const scores = tastes.map((_, taste) => passages.scores[taste][number]);
  return scores.indexOf(Math.min(...scores));
}

// `colours`: the taste whose scores are shown, or -1 for the taste that fits each passage best.
export function map(place, shown, chosen, colours) {
  const { passages, recordings, tastes, odd } = shown;
  const limits = [0.5, odd, 2];
  const group = (number) => (colours < 0 ? fitting(shown, number) : limits.findIndex((limit) => passages.scores[colours][number] < limit));
  const looks = colours < 0
    ? tastes.map((name, taste) => [name, STYLES[taste][0], STYLES[taste][2]])
    : [["below 0.50", "undecided", "circle"], [`0.50 to ${odd.toFixed(2)}`, "dim", "diamond"], [`${odd.toFixed(2)} and more`, "accepted", "square"]];
  const at = (numbers, parts) => ({
    x: numbers.map((number) => passages.x[number]), y: numbers.map((number) => passages.y[number]), mode: "markers", customdata: numbers,
    text: numbers.map((number) => plain(`${recordings[passages.recording[number]].name}, ${span(passages, number)}`)), hovertemplate: "%{text}<extra></extra>", ...parts,
  });
  const size = passages.recording.length > 800 ? 5 : 7;
  const groups = looks.map(() => []);
  for (const number of passages.recording.keys()) groups[group(number)].push(number);
  const traces = looks.map(([name, token, symbol], one) => at(groups[one], { name: plain(name), marker: { size, symbol, opacity: 0.75, color: ink(token) } }));
  traces.push(at([...chosen], {
    showlegend: false, hoverinfo: "skip", hovertemplate: undefined,
    marker: { size: size + 6, symbol: "circle-open", color: ink("playhead"), line: { width: chosen.size > 60 ? 1 : 2 } },
  }));
  const parts = {
    height: 320, showlegend: true, hovermode: "closest", dragmode: dragged("select"), selections: [],
    axis: { showticklabels: false, zeroline: false }, xaxis: { range: [-0.03, 1.03] }, yaxis: { range: [-0.03, 1.03] },
    margin: { l: 8, r: 8, t: 34, b: 8 },
  };
  return window.Plotly.react(place, traces, layout(parts), CONFIG);
}

export function ranking(place, { recordings, tastes, passages }, order, chosen) {
  const narrow = place.clientWidth < 500;
  const y = order.map((_, number) => number);
  const traces = tastes.map((name, taste) => {
    const of = order.map((number) => recordings[number]);
    return {
      x: of.map((one) => one.mean[taste]), y: y.map((row) => row + (taste - (tastes.length - 1) / 2) * 0.18), name: plain(name), mode: "markers", customdata: order,
      marker: { size: 9, color: ink(STYLES[taste][0]), symbol: STYLES[taste][2] },
      error_x: { type: "data", symmetric: false, array: of.map((one) => Math.max(0, one.high[taste] - one.mean[taste])), arrayminus: of.map(() => 0), color: ink(STYLES[taste][0]), thickness: 1, width: 3 },
      text: of.map((one) => plain(one.name)), hovertemplate: "%{text}: %{x:.2f}",
    };
  });
  const there = new Set([...chosen].map((number) => passages.recording[number]));
  const shapes = order.flatMap((of, row) => (there.has(of)
    ? [{ type: "rect", layer: "below", x0: 0, x1: 1, xref: "paper", y0: row - 0.45, y1: row + 0.45, fillcolor: ink("score-high"), opacity: 0.3, line: { width: 0 } }] : []));
  const parts = {
    height: 76 + 26 * Math.max(2, order.length), showlegend: true, hovermode: "closest", dragmode: false, shapes,
    xaxis: { range: [0, 1], title: { text: "Mean score", standoff: 4 } },
    yaxis: { range: [order.length - 0.5, -0.5], tickvals: y, ticktext: order.map((number) => short(recordings[number].name, narrow ? 14 : 34)), automargin: true, tickfont: { color: ink("text") } },
    margin: { l: 40, r: 8, t: 34, b: 36 },
  };
  return window.Plotly.react(place, traces, layout(parts), CONFIG);
}
