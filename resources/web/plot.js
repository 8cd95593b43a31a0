// Curves and bars.

import { ink, sheet, ticks } from "./api.js";

const LEFT = 34;
const BOTTOM = 18;

function frame(canvas, low, high, said) {
  const { pen, width, height } = sheet(canvas);
  const y = (value) => 6 + (1 - (value - low) / (high - low || 1)) * (height - BOTTOM - 6);
  pen.textAlign = "right";
  for (const value of [low, (low + high) / 2, high]) {
    pen.fillStyle = ink("line");
    pen.fillRect(LEFT, Math.round(y(value)), width - LEFT, 1);
    pen.fillStyle = ink("dim");
    pen.fillText(said(value), LEFT - 5, y(value) + 4);
  }
  pen.textAlign = "left";
  return { pen, width, height, y };
}

function line(pen, points, color) {
  pen.strokeStyle = color;
  pen.lineWidth = 1.5;
  pen.lineJoin = "round";
  pen.beginPath();
  for (const [x, y] of points) pen.lineTo(x, y);
  pen.stroke();
}

export function scoreCurve(canvas, { times_s, scores, duration_s, odd, moments }, at) {
  const { pen, width, height, y } = frame(canvas, 0, 1, (value) => value.toFixed(1));
  const x = (time) => LEFT + (time / duration_s) * (width - LEFT);
  for (const [time, text] of ticks(0, duration_s, width / 90)) {
    pen.fillStyle = ink("dim");
    pen.fillText(text, Math.min(x(time) + 2, width - 34), height - 4);
  }
  const points = times_s.map((time, number) => [x(time), y(scores[number])]);
  pen.save();
  pen.beginPath();
  pen.rect(LEFT, 0, width, y(odd));
  pen.clip();
  pen.beginPath();
  pen.moveTo(LEFT, y(0));
  for (const [px, py] of points) pen.lineTo(px, py);
  pen.lineTo(width, y(0));
  pen.fillStyle = ink("score-high");
  pen.globalAlpha = 0.3;
  pen.fill();
  pen.restore();
  pen.strokeStyle = ink("dim");
  pen.setLineDash([4, 4]);
  pen.lineWidth = 1;
  pen.beginPath();
  pen.moveTo(LEFT, y(odd));
  pen.lineTo(width, y(odd));
  pen.stroke();
  pen.setLineDash([]);
  line(pen, points, ink("score-line"));
  pen.fillStyle = ink("text");
  for (const moment of moments.slice(0, 5)) {
    pen.beginPath();
    pen.arc(x(moment.at_s), y(moment.score), 3, 0, 7);
    pen.fill();
  }
  if (at !== null) {
    pen.fillStyle = ink("playhead");
    pen.fillRect(Math.round(x(at)), 0, 1, height - BOTTOM);
  }
}

export function timeOn(canvas, event, duration_s) {
  const { left, width } = canvas.getBoundingClientRect();
  return Math.min(1, Math.max(0, (event.clientX - left - LEFT) / (width - LEFT))) * duration_s;
}

export function losses(canvas, training, validation) {
  const all = [...training, ...validation].filter(Number.isFinite);
  if (!all.length) return sheet(canvas);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const { pen, width, height, y } = frame(canvas, low, high, (value) => value.toPrecision(2));
  const longest = Math.max(2, training.length, validation.length);
  const x = (number) => LEFT + 2 + (number / (longest - 1)) * (width - LEFT - 4);
  line(pen, training.map((value, number) => [x(number), y(value)]), ink("wave"));
  line(pen, validation.map((value, number) => [x(number), y(value)]), ink("score-line"));
  pen.fillStyle = ink("dim");
  pen.fillText("1", LEFT, height - 4);
  pen.textAlign = "right";
  pen.fillText(`epoch ${longest}`, width, height - 4);
  return null;
}

export function shares(canvas, values, odd) {
  if (!values.length) return sheet(canvas);
  const high = Math.max(...values);
  const { pen, width, height, y } = frame(canvas, 0, high, (value) => `${Math.round(100 * value)} %`);
  const each = (width - LEFT) / values.length;
  for (const [number, value] of values.entries()) {
    pen.fillStyle = ink((number + 0.5) / values.length >= odd ? "score-line" : "wave");
    pen.fillRect(LEFT + number * each + 1, y(value), each - 2, y(0) - y(value));
  }
  pen.fillStyle = ink("dim");
  for (const at of [0, 0.5, 1]) {
    pen.textAlign = at === 1 ? "right" : at ? "center" : "left";
    pen.fillText(at.toFixed(1), LEFT + at * (width - LEFT), height - 4);
  }
  return null;
}
